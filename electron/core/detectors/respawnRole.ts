/** What people call a command: `unicorn` for `/usr/bin/ruby -W0 /srv/app/bin/unicorn -c x.rb`. Hostile text. */
export function roleOf(command: string, name: string): string {
  const container = keepsContainer(name, command) ? CONTAINER.exec(command)?.[1]?.slice(0, 12) : undefined;
  if (container !== undefined) return `container ${container}`;
  const words = command.split(' ').filter((w) => w !== '');
  const first = baseOf(words[0] ?? '');
  if (first === '') return name;
  if (!INTERPRETER.test(first)) return first.replace(/:$/, '');
  // A title that took the place of the arguments: `node (vitest 1)`.
  const title = /^\(([\w@./-]+)/.exec(words[1] ?? '')?.[1];
  if (title !== undefined) return title;
  for (let at = 1; at < words.length; at++) {
    const word = words[at] ?? '';
    if (!word.startsWith('-')) return baseOf(word);
    // `sh -c '…'` has no script of its own; what comes after a script belongs to the script (`ruby bin/unicorn -c x`).
    if (/^-\w*[ce]$/.test(word)) return first;
    if (/^-m$/.test(word) && first.startsWith('python')) return words[at + 1] ?? first;
    // `--require X` and the like: X is the option's own.
    if (TAKES_VALUE.test(word)) at++;
  }
  return first;
}

const INTERPRETER = /^(?:ruby|python|perl|node|nodejs|php|bash|sh|dash|zsh|java|bundle|env)[\d.]*$/;
const TAKES_VALUE =
  /^(?:-r|--require|--import|--loader|--experimental-loader|-C|--conditions|-I|-W|-X|-cp|-classpath|--class-path|--env-file|--title|-d|-u)$/;

export function baseOf(path: string): string {
  return path.split('/').at(-1) ?? path;
}

/** Programs whose trade is to start children again and again: CPU alone says nothing about them. */
export function isDispatcher(name: string, command = ''): boolean {
  const role = roleOf(command, name).replace(/\.(?:[cm]?js|py|rb|pl|sh)$/, '');
  return [name, role].some(
    (one) =>
      DISPATCHERS.has(one) ||
      /^(?:gitlab-runner|Runner\.|php-fpm|apache|httpd|make|gmake|ninja|cmake|containerd-shim)|[_-]exporter$/.test(
        one,
      ),
  );
}

const DISPATCHERS = new Set(
  (
    'cron crond anacron atd sshd sshd-session nginx lighttpd fcgiwrap caddy xinetd inetd dovecot master postfix ' +
    'tcpserver tcpsvd udpsvd socat ncat ipsvd websocketd stunnel4 stunnel haproxy exim4 exim sendmail fetchmail uwsgi ' +
    'svnserve containerd-shim conmon crio kubelet jenkins consul nomad salt-minion puppet chef-client ansible-playbook ' +
    'bazel gradle mvn cargo rustc gcc g++ cc c++ clang clang++ go tsc npm npx yarn pnpm bun vitest jest mocha ava tap karma cypress playwright pytest py.test unittest nose tox ctest ' +
    'prove rspec rake minitest phpunit nextest bats concurrently lerna nx turbo webpack vite ' +
    'xargs parallel find watch entr git dpkg apt apt-get yum dnf rpm rsync configure libtool ccache distcc ' +
    'postgres mysqld telegraf collectd zabbix_agentd snmpd nrpe node_exporter buildkitd dockerd containerd ' +
    'tmux screen'
  ).split(' '),
);

/** An application's runtime, which starts others for who asks it: that is its use, unless it fails each time. */
export function servesRequests(name: string, command: string): boolean {
  return (
    /^(?:node|nodejs|MainThread|java|dotnet|mono|beam\.smp|deno|bun)$/.test(name) &&
    !isSupervisor(name, command)
  );
}

/** What systemd's sockets and inetd start for each who connects, brute force too. */
export function takesLogins(role: string): boolean {
  return /^(?:sshd|sshd-session|dropbear|in\.\w+|vsftpd|proftpd)$/.test(role);
}

/** Docker and Podman start one of these a container, and another when a restart policy starts the same container again. */
export function keepsContainer(name: string, command: string): boolean {
  return (name.startsWith('containerd-shim') || name === 'conmon') && CONTAINER.test(command);
}

const CONTAINER = /\s(?:-id|-c|--cid) ([0-9a-f]{12,64})\b/;

/** Compilers and the like, run over and over by builds; and the tools that scripts are made of, run a thousand times by loops. */
export function isBuildTool(role: string): boolean {
  return (
    /^(?:(?:[\w.]+-)*(?:gcc|g\+\+|cc|c\+\+|cpp|clang|clang\+\+)(?:-?[\d.]+)?|cc1(?:plus)?|as|ld|collect2|ar|rustc|javac|tsc|conftest|git|sed|grep|expr)$/.test(
      role,
    ) || SCRIPT_TOOLS.has(role)
  );
}

const SCRIPT_TOOLS = new Set(
  (
    'awk gawk mawk jq yq cut tr sort uniq head tail wc cat tac date basename dirname find ls cp mv rm mkdir rmdir ln stat ' +
    'touch chmod chown curl wget test [ true false echo printf gzip gunzip zcat bzip2 xz zstd tar zip unzip md5sum sha1sum ' +
    'sha256sum openssl bc seq tee readlink realpath ps pgrep pidof kill df du env xargs ssh scp rsync psql mysql sqlite3 ' +
    'redis-cli aws gcloud az kubectl docker ffmpeg convert magick identify id hostname uname diff cmp base64 od xxd'
  ).split(' '),
);

/** Programs that keep one child up: their child coming again is by itself a failure. */
export function isSupervisor(name: string, command: string): boolean {
  return (
    SUPERVISORS.has(name) ||
    SUPERVISORS.has(roleOf(command, name)) ||
    /\b(?:supervisord|God Daemon|forever|circusd|honcho|foreman)\b|^\S*\bdaemon .*--respawn\b/.test(
      command.slice(0, 256),
    )
  );
}

/**
 * The host's own init, which starts its services again, and takes in orphans and runs timers besides: there only children
 * that fail each time are a loop.
 */
export function isInit({ pid, name }: { pid: number; name: string }): boolean {
  return name === 'systemd' || (pid === 1 && /^(?:init|openrc-init|runit-init)$/.test(name));
}

/** `nginx -t`, `app status`: it asks whether something runs or would run, and another copy of it does not hold it up. */
export function isProbe(command: string): boolean {
  return / (?:-[tTvVcn]|--?(?:test|check|dry-run|version|validate)|(?:config)?test|status|ping|check|healthy?|healthcheck|ready)(?: |$)/.test(
    command,
  );
}

const SUPERVISORS = new Set(
  // The kernel cuts names after fifteen characters.
  (
    'supervise runsv s6-supervise supervise-daemon supervise-daemo supervisord perpd dinit god circusd monit eye procd ' +
    'immortal nodemon forever pm2-runtime'
  ).split(' '),
);

/** `6.1`, `12`, `0.5`: as one says it. */
export function spokenRate(perSecond: number): string {
  return perSecond >= 10 ? perSecond.toFixed(0) : perSecond.toFixed(perSecond < 0.95 ? 2 : 1);
}

/** `40 ms`, `1.5 s`. */
export function spokenLife(milliseconds: number): string {
  return milliseconds < 950
    ? `${Math.max(10, Math.ceil(milliseconds / 10 - 1e-9) * 10)} ms`
    : `${(milliseconds / 1000).toFixed(1)} s`;
}

/** `4 days`, `14 hours`, `2.5 hours`, `12 min`, `40 s`. */
export function spokenAge(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds / 1000);
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  // Half an hour more or less is much of two hours, and little of twelve.
  const hours = Number((seconds / 3600).toFixed(seconds < 10 * 3600 ? 1 : 0));
  return seconds < 36 * 3600
    ? `${hours} hour${hours === 1 ? '' : 's'}`
    : `${Math.round(seconds / 86_400)} days`;
}
