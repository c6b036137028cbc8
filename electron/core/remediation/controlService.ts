import { visibleText } from '../../../shared/model/hostText.ts';
import type { ServiceArguments, ServiceManager } from '../../../shared/model/remediation.ts';
import { needsRoot } from './privilege.ts';
import type { ScriptAction } from './scriptAction.ts';

/**
 * How each manager is told, and asked. `$n` is the service. `state` prints `up`, `down` or what else it is, then words; `ran`:
 * it is made to run once and end, and did.
 */
const MANAGERS: Record<
  ServiceManager,
  { tell: Record<ServiceArguments['operation'], string>; state: string }
> = {
  systemd: {
    tell: {
      restart: 'systemctl restart -- "$n"',
      stop: 'systemctl stop -- "$n"',
      start: 'systemctl start -- "$n"',
    },
    state:
      'w=$(systemctl show -p Type -p Result -p ActiveState -p SubState -p MainPID -- "$n" 2>&1 | tr "\\n" " "); case $w in *ActiveState=active*SubState=auto-restart*|*ActiveState=activating*) echo "changing $w";; *ActiveState=active*) echo "up $w";; *Type=oneshot*ActiveState=inactive*|*ActiveState=inactive*Type=oneshot*) case $w in *Result=success*) echo "ran $w";; *) echo "down $w";; esac;; *ActiveState=inactive*|*ActiveState=failed*) echo "down $w";; *) echo "changing $w";; esac',
  },
  runit: {
    tell: { restart: 'sv restart "$n"', stop: 'sv stop "$n"', start: 'sv start "$n"' },
    state:
      'w=$(sv status "$n" 2>&1); case $w in run:*", want down"*) echo "changing $w";; run:*) echo "up $w";; down:*) echo "down $w";; *) echo "changing $w";; esac',
  },
  daemontools: {
    // -t sends TERM, and supervise starts it again.
    tell: { restart: 'svc -t "$n"', stop: 'svc -d "$n"', start: 'svc -u "$n"' },
    state:
      'w=$(svstat "$n" 2>&1); case $w in *": up "*", want down"*) echo "changing $w";; *": up "*) echo "up $w";; *": down "*) echo "down $w";; *) echo "changing $w";; esac',
  },
  upstart: {
    tell: { restart: 'initctl restart "$n"', stop: 'initctl stop "$n"', start: 'initctl start "$n"' },
    state:
      'w=$(initctl status "$n" 2>&1); case $w in *start/running*) echo "up $w";; *stop/waiting*) echo "down $w";; *) echo "changing $w";; esac',
  },
};

/**
 * The pid in a state's words, of the service and not of its logger (`run: app: (pid 812) 5s; run: log: (pid 813) 5s`). Some
 * managers answer a restart while the process that is to end still runs: as long as its pid stands there, it is not up.
 */
const PID_OF = `pid_of() {
  p=@{1%%"; "*" log: "*}
  case $p in *"(pid "*) p=@{p##*"(pid "}; p=@{p%%")"*};; *MainPID=*) p=@{p##*MainPID=}; p=@{p%% *};; *" process "*) p=@{p##*" process "}; p=@{p%% *};; *) p=;; esac
  [ "$p" = 0 ] || printf %s "$p"
}`.replaceAll('@{', '${');

/** A service that dies at once is up for a moment, and for another when it is started again: one process must stay for so long. */
const STAYS_SECONDS = 3;
const SETTLES_SECONDS = 20;

export const controlService: ScriptAction<ServiceArguments> = {
  script({ manager, name, operation }) {
    const { tell, state } = MANAGERS[manager];
    const wanted = operation === 'stop' ? 'down' : 'up';
    return {
      intent: `${operation} the service ${name} (${manager})`,
      parameters: [name, operation],
      common: `n=$1 operation=$2 was=\nstate() { ${state}; }\n${PID_OF}`,
      guard:
        's=$(state); case $operation$s in "startup "*) refuse "It is up already: @{s#* }";; "stopdown "*|"stopran "*) refuse "It is down already: @{s#* }";; esac; [ "$operation" = restart ] && was=$(pid_of "$s"); passed "Before: @{s#* }"'.replaceAll(
          '@{',
          '${',
        ),
      execute: `e=$(${tell[operation]} 2>&1) || failed "${manager} refused: $(printf %s "$e" | tail -n 3)"; did "${manager} took it"`,
      verify: `i=0 since=-1 first=
while :; do
  s=$(state)
  [ -n "$was" ] && [ "$(pid_of "$s")" = "$was" ] && s="changing @{s#* }"
  case $s in ${wanted === 'up' ? '"ran "*) verified "It ran and ended well: @{s#* }";; "up "*' : '"down "*|"ran "*'}) p=$(pid_of "$s"); [ "$p" = "$first" ] || since=-1; first=$p; [ $since = -1 ] && since=$i; [ $((i - since)) -ge ${wanted === 'up' ? STAYS_SECONDS : 0} ] && verified "It is ${wanted}: @{s#* }";; *) [ $since != -1 ] && unverified "It came ${wanted} and did not stay: @{s#* }"; since=-1;; esac
  i=$((i + 1)); if [ $i -gt ${SETTLES_SECONDS} ]; then [ $since = -1 ] || unverified "It came ${wanted} again and again and did not stay: @{s#* }"; unverified "It is not ${wanted} after ${SETTLES_SECONDS} s: @{s#* }"; fi
  sleep 1
done`.replaceAll('@{', '${'),
    };
  },
  async plan({ manager, name, operation }, { host, look }) {
    const ran = await look.run(`n=$1; state() { ${MANAGERS[manager].state}; }; state`, name);
    const [state = ''] = ran.stdout.split('\n');
    const [word, ...rest] = state.split(' ');
    const now = visibleText(rest.join(' ').trim(), 300);
    const shown = visibleText(name, 80);
    const refusal =
      operation === 'start' && word === 'up'
        ? `It is up already: ${now}`
        : operation === 'stop' && (word === 'down' || word === 'ran')
          ? `It is down already: ${now}`
          : /not found|No such file|unable to (?:change|open)|LoadState=not-found/i.test(now)
            ? `${manager} knows no such service: ${now}`
            : undefined;
    const verb = { restart: 'Restart', stop: 'Stop', start: 'Start' }[operation];
    return {
      title: `${verb} ${shown} (${manager})`,
      target: `${host}/service/${manager}/${name}`,
      effect: `the service was told to ${operation}`,
      guard: 'Asking for its state',
      timeoutMs: 60_000,
      needs: await needsRoot(look),
      touches: [
        `It is now: ${now === '' ? 'not known' : now}`,
        ...(operation === 'start'
          ? []
          : ['Its process ends, with the connections it serves; what it had in hand is lost.']),
        ...(operation === 'restart' ? ['For a moment nothing answers in its place.'] : []),
      ],
      verification:
        operation === 'stop'
          ? `The same command asks for up to ${SETTLES_SECONDS} s whether it is down.`
          : `The same command asks for up to ${SETTLES_SECONDS} s whether it is up, and stays up for ${STAYS_SECONDS} s.`,
      ...(refusal === undefined ? {} : { refusal }),
    };
  },
};
