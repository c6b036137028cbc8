/** What people call a command: `unicorn` for `/usr/bin/ruby -W0 /srv/app/bin/unicorn -c x.rb`. Hostile text. */
export function roleOf(command: string, name: string): string {
  const words = command.split(' ').filter((w) => w !== '');
  const first = baseOf(words[0] ?? '');
  if (first === '') return name;
  if (!INTERPRETER.test(first)) return first.replace(/:$/, '');
  const rest = words.slice(1);
  const script = rest.findIndex((w) => !w.startsWith('-'));
  // `sh -c '…'` has no script of its own; what comes after a script belongs to the script (`ruby bin/unicorn -c x`).
  const options = script < 0 ? rest : rest.slice(0, script);
  if (script < 0 || options.some((w) => /^-\w*[ce]$/.test(w))) return first;
  return baseOf(rest[script] ?? first);
}

const INTERPRETER = /^(?:ruby|python|perl|node|nodejs|php|bash|sh|dash|zsh|java|bundle|env)[\d.]*$/;

function baseOf(path: string): string {
  return path.split('/').at(-1) ?? path;
}

/** Programs whose trade is to start children again and again: CPU alone says nothing about them. */
export function isDispatcher(name: string): boolean {
  return (
    DISPATCHERS.has(name) ||
    /^(?:gitlab-runner|Runner\.|php-fpm|apache|httpd|make|gmake|ninja|cmake)/.test(name)
  );
}

const DISPATCHERS = new Set(
  (
    'cron crond anacron atd sshd sshd-session nginx lighttpd fcgiwrap caddy xinetd inetd dovecot master postfix ' +
    'bazel gradle mvn cargo rustc gcc g++ cc c++ clang clang++ go tsc npm yarn pnpm vitest jest pytest ctest prove ' +
    'xargs parallel find watch entr git dpkg apt apt-get yum dnf rpm rsync configure libtool ccache distcc ' +
    'postgres mysqld telegraf collectd zabbix_agentd snmpd nrpe node_exporter buildkitd dockerd containerd ' +
    'tmux screen'
  ).split(' '),
);

/** Compilers and the like: run over and over by builds, with the same arguments by configure scripts. */
export function isBuildTool(role: string): boolean {
  return /^(?:(?:[\w.]+-)*(?:gcc|g\+\+|cc|c\+\+|cpp|clang|clang\+\+)(?:-?[\d.]+)?|cc1(?:plus)?|as|ld|collect2|ar|rustc|javac|tsc|conftest|git|sed|grep|expr)$/.test(
    role,
  );
}

/** Programs that keep one child up: their child coming again is by itself a failure. */
export function isSupervisor(name: string, command: string): boolean {
  return (
    SUPERVISORS.has(name) ||
    /\b(?:supervisord|God Daemon|forever|circusd|honcho|foreman)\b/.test(command.slice(0, 256))
  );
}

const SUPERVISORS = new Set(
  'supervise runsv s6-supervise supervisord perpd dinit god circusd monit eye procd nodemon forever'.split(
    ' ',
  ),
);

/** `6.1`, `12`, `0.5`: as one says it. */
export function spokenRate(perSecond: number): string {
  return perSecond >= 10 ? perSecond.toFixed(0) : perSecond.toFixed(perSecond < 0.95 ? 2 : 1);
}

/** `4 days`, `3 hours`, `12 min`, `40 s`. */
export function spokenAge(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds / 1000);
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  const hours = Math.round(seconds / 3600);
  return seconds < 36 * 3600
    ? `${hours} hour${hours === 1 ? '' : 's'}`
    : `${Math.round(seconds / 86_400)} days`;
}
