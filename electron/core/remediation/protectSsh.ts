import { needsRoot } from './privilege.ts';
import type { ScriptAction } from './scriptAction.ts';

/** Takes the listening sshd out of the OOM killer's choice (proc(5), oom_score_adj), so that the way in survives. */
export const protectSsh: ScriptAction<Record<string, never>> = {
  script: () => ({
    intent: 'keep the OOM killer off the listening sshd',
    parameters: [],
    // A listener is an sshd whose parent is not one: those of connections are its children.
    common:
      `listeners() { set +f; for d in /proc/[0-9]*; do p=@{d#/proc/}; { IFS= read -r c < "$d/comm"; } 2>/dev/null || continue
case $c in sshd|dropbear) q=$(field "$p" 4) || continue; { IFS= read -r c < "/proc/$q/comm"; } 2>/dev/null || c=; case $c in sshd*|dropbear) ;; *) printf '%s ' "$p";; esac;; esac; c=; done; set -f; }
pids=$(listeners)`.replaceAll('@{', '${'),
    guard:
      '[ -n "$pids" ] || refuse "There is no listening sshd here that this account can see."; passed "Listening: pid $pids"',
    execute:
      'for p in $pids; do echo -1000 2>/dev/null > "/proc/$p/oom_score_adj" || failed "oom_score_adj of pid $p could not be written: it takes root, with CAP_SYS_RESOURCE."; done; did "oom_score_adj -1000 for pid $pids"',
    verify:
      '[ -n "$pids" ] || unverified "There is no listening sshd."; for p in $pids; do v=; { read -r v < "/proc/$p/oom_score_adj"; } 2>/dev/null; [ "$v" = -1000 ] || unverified "oom_score_adj of pid $p is $v."; done; verified "oom_score_adj of pid $pids is -1000: the OOM killer passes over it."',
  }),
  async plan(args, { host, look }) {
    const { stdout } = await look.run(
      `set +f; for d in /proc/[0-9]*; do { IFS= read -r c < "$d/comm"; } 2>/dev/null || continue; case $c in sshd|dropbear) q=$(sed 's/.*) //' "$d/stat" 2>/dev/null | cut -d' ' -f2); { IFS= read -r c < "/proc/$q/comm"; } 2>/dev/null || c=; case $c in sshd*|dropbear) ;; *) echo "@{d#/proc/} $(cat "$d/oom_score_adj")";; esac;; esac; c=; done`.replaceAll(
        '@{',
        '${',
      ),
    );
    const found = stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' ').map(Number))
      .filter((f) => f.length === 2 && f.every(Number.isInteger));
    const refusal =
      found.length === 0
        ? 'There is no listening sshd here that this account can see.'
        : found.every(([, score]) => score === -1000)
          ? 'It is protected already: its oom_score_adj is -1000.'
          : undefined;
    void args;
    return {
      title: 'Protect SSH from the OOM killer',
      target: `${host}/ssh`,
      effect: 'the score was changed',
      guard: 'Looking for the listening sshd',
      timeoutMs: 15_000,
      needs: await needsRoot(look),
      touches: [
        ...found.map(([pid, score]) => `sshd, pid ${pid}: oom_score_adj ${score} → -1000.`),
        'Another process is killed in its place when memory runs out; sessions keep their own scores.',
        'It holds until sshd restarts. With systemd, OOMScoreAdjust=-1000 in its unit makes it stay.',
      ],
      verification: 'The same command reads the score back.',
      ...(refusal === undefined ? {} : { refusal }),
    };
  },
};
