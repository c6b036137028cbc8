/**
 * One line of an OOM kill, as the kernel or a user-space killer writes it. Fields are matched, never versions.
 * All names and cgroups are hostile text; a thread's name (15 bytes) may hold brackets, colons and spaces.
 * - `invoked`: who ran into the wall: `NAME invoked oom-killer: gfp_mask=…`
 * - `usage`: the memory cgroup's own figures, printed with its kill
 * - `task`: 3.x to 4.x: `Task in A killed as a result of limit of B`
 * - `constraint`: 5.0 and later, rate-limited: `oom-kill:constraint=…`
 * - `selected`: before 5.0: `Kill process N (x) score S or sacrifice child`; the child may be another pid
 * - `killed`: the kill itself
 * - `userspace`: systemd-oomd or earlyoom
 */
export type OomLine =
  | { type: 'invoked'; invoker: string; oomScoreAdj?: number }
  | { type: 'usage'; usageBytes: number; limitBytes: number }
  | { type: 'task'; taskCgroup: string; limitCgroup: string }
  | {
      type: 'constraint';
      scope: OomScope;
      limitCgroup?: string;
      taskCgroup: string;
      process: string;
      pid: number;
      uid: number;
    }
  | { type: 'selected'; scope: OomScope; process: string; pid: number; score: number }
  | {
      type: 'killed';
      /** Absent in the two-line forms, whose first line tells it. */
      scope?: OomScope;
      process: string;
      pid: number;
      totalVirtualBytes?: number;
      anonymousBytes?: number;
      /** anonymous + file + shared */
      residentBytes?: number;
      uid?: number;
      oomScoreAdj?: number;
    }
  | {
      type: 'userspace';
      killer: 'systemd-oomd' | 'earlyoom';
      process: string;
      pid?: number;
      uid?: number;
      score?: number;
      residentBytes?: number;
      cgroup?: string;
      processes?: number;
      reason?: string;
    };

export type OomScope = 'cgroup' | 'machine';

/** What one line says of an OOM kill; undefined for every other line. Give it text without the log's own prefix. */
export function parseOomLine(text: string): OomLine | undefined {
  // Nearly every line ends here: the rest is a dozen expressions.
  if (!/kill|oom|memory: usage|badness/i.test(text)) return undefined;
  const line = text.length > MAXIMUM_CHARACTERS ? text.slice(0, MAXIMUM_CHARACTERS) : text;
  for (const parse of [constraint, killed, selected, invoked, task, usage, oomd, earlyoom, oldEarlyoom]) {
    const found = parse(line);
    if (found) return found;
  }
  return undefined;
}

/** Longer than any line the kernel prints (its record is 1 KiB; a cgroup's path may take a page). */
const MAXIMUM_CHARACTERS = 8192;

function constraint(line: string): OomLine | undefined {
  const match =
    /^oom-kill:constraint=(CONSTRAINT_\w+),.*?(?:,oom_memcg=(.*?)|,global_oom),task_memcg=(.*?),task=(.*),pid=(\d+),uid=(\d+)$/.exec(
      line,
    );
  if (!match) return undefined;
  const [, kind, limitCgroup, taskCgroup, process, pid, uid] = match;
  return {
    type: 'constraint',
    scope: kind === 'CONSTRAINT_MEMCG' ? 'cgroup' : 'machine',
    ...(limitCgroup === undefined ? {} : { limitCgroup }),
    taskCgroup: taskCgroup ?? '',
    process: process ?? '',
    pid: Number(pid),
    uid: Number(uid),
  };
}

/**
 * 5.x `Memory cgroup out of memory: Killed process 22084 (perl) total-vm:…`, 4.x `Killed process 30074 (node)
 * total-vm:…`, RHEL 7 `Killed process 12 (java), UID 500, total-vm:…`, 2.6.32 `Killed process 12, UID 48, (httpd)
 * total-vm:…`, 2.6.3x `vsz:…`, 2.6.9 `Out of Memory: Killed process 12 (httpd).`
 */
function killed(line: string): OomLine | undefined {
  const match =
    /^(.*?)\bKilled process (\d+)(?:, UID (\d+),)? \((.*)\)(?:, UID (\d+),)?(\.| (?:total-vm|vsz):.*)?$/.exec(
      line,
    );
  if (!match) return undefined;
  const [, prefix = '', pid, uidBefore, , uidAfter, fields = ''] = match;
  if (prefix !== '' && !/out of memory/i.test(prefix)) return undefined;
  const process = match[4] ?? '';
  const kilobytes = (name: string) => {
    const value = new RegExp(`(?:^|[ ,])${name}:(\\d+)kB`).exec(fields)?.[1];
    return value === undefined ? undefined : Number(value) * 1024;
  };
  const totalVirtualBytes = kilobytes('total-vm') ?? kilobytes('vsz');
  const anonymousBytes = kilobytes('anon-rss');
  const parts = [anonymousBytes, kilobytes('file-rss'), kilobytes('shmem-rss')].filter(
    (v) => v !== undefined,
  );
  const uid = /[ ,]UID:(\d+)/.exec(fields)?.[1] ?? uidBefore ?? uidAfter;
  const adjust = /oom_score_adj:(-?\d+)/.exec(fields)?.[1];
  const scope = scopeOf(prefix);
  return {
    type: 'killed',
    ...(scope === undefined ? {} : { scope }),
    process,
    pid: Number(pid),
    ...(totalVirtualBytes === undefined ? {} : { totalVirtualBytes }),
    ...(anonymousBytes === undefined ? {} : { anonymousBytes }),
    ...(parts.length === 0 ? {} : { residentBytes: parts.reduce((a, b) => a + b, 0) }),
    ...(uid === undefined ? {} : { uid: Number(uid) }),
    ...(adjust === undefined ? {} : { oomScoreAdj: Number(adjust) }),
  };
}

/** `Out of Memory: Kill process 1 (x) score 2 and children.`, `Memory cgroup out of memory: Kill process … or sacrifice child`. */
function selected(line: string): OomLine | undefined {
  const match =
    /^(.*?out of memory.*?): kill process (\d+) \((.*)\) score (\d+) (?:and children|or sacrifice child|or a child)/i.exec(
      line,
    );
  if (!match) return undefined;
  const [, prefix = '', pid, process = '', score] = match;
  return {
    type: 'selected',
    scope: scopeOf(prefix) ?? 'machine',
    process,
    pid: Number(pid),
    score: Number(score),
  };
}

function scopeOf(prefix: string): OomScope | undefined {
  if (/memory cgroup out of memory/i.test(prefix)) return 'cgroup';
  return /out of memory/i.test(prefix) ? 'machine' : undefined;
}

function invoked(line: string): OomLine | undefined {
  // 2.6 wrote `gfp_mask=0x201d2, order=0, oomkilladj=0`; a name of at most 15 bytes cannot hold the phrase itself.
  const match = /^(.*) invoked oom-killer: (gfp_mask=.*)$/.exec(line);
  if (!match) return undefined;
  const adjust = /oom_score_adj=(-?\d+)/.exec(match[2] ?? '')?.[1];
  return {
    type: 'invoked',
    invoker: match[1] ?? '',
    ...(adjust === undefined ? {} : { oomScoreAdj: Number(adjust) }),
  };
}

function task(line: string): OomLine | undefined {
  const match = /^Task in (.*) killed as a result of limit of (.*)$/.exec(line);
  return match ? { type: 'task', taskCgroup: match[1] ?? '', limitCgroup: match[2] ?? '' } : undefined;
}

function usage(line: string): OomLine | undefined {
  const match = /^memory: usage (\d+)kB, limit (\d+)kB, failcnt \d+$/.exec(line);
  if (!match) return undefined;
  return { type: 'usage', usageBytes: Number(match[1]) * 1024, limitBytes: Number(match[2]) * 1024 };
}

/**
 * `Killed /system.slice/x.service due to memory used (…) / total (…) and swap used …` by systemd-oomd itself, and
 * `x.service: systemd-oomd killed 3 process(es) in this unit.` by the manager.
 */
function oomd(line: string): OomLine | undefined {
  const own = /^Killed (\/.*?) due to (memory (?:used|pressure).*)$/.exec(line);
  if (own) {
    const cgroup = own[1] ?? '';
    return {
      type: 'userspace',
      killer: 'systemd-oomd',
      process: cgroup.split('/').at(-1) ?? cgroup,
      cgroup,
      ...(own[2] === undefined ? {} : { reason: own[2] }),
    };
  }
  const unit = /^(\S+): systemd-oomd killed (\d+|some) process\(es\) in this unit\.$/.exec(line);
  if (!unit) return undefined;
  return {
    type: 'userspace',
    killer: 'systemd-oomd',
    process: unit[1] ?? '',
    ...(unit[2] === 'some' ? {} : { processes: Number(unit[2]) }),
  };
}

/** `sending SIGTERM to process 5678 uid 1000 "name": oom_score 950, VmRSS 1024 MiB[, cmdline "…"]`; older: `badness`. */
function earlyoom(line: string): OomLine | undefined {
  const match =
    /^sending SIG(?:TERM|KILL) to process (\d+)(?: uid (\d+))? "(.*?)": (?:oom_score|badness) (\d+), VmRSS (\d+) MiB/.exec(
      line,
    );
  if (!match) return undefined;
  const [, pid, uid, process = '', score, megabytes] = match;
  return {
    type: 'userspace',
    killer: 'earlyoom',
    process,
    pid: Number(pid),
    ...(uid === undefined ? {} : { uid: Number(uid) }),
    score: Number(score),
    residentBytes: Number(megabytes) * 1024 * 1024,
  };
}

/**
 * earlyoom before 1.3, in Ubuntu 18.04 and Debian 10: `killing process 5678 "name" with signal 15: badness 550, VmRSS
 * 7609 MiB`, and `Killing process 'name' with signal 15, pid: 5678, badness: 538, VmRSS: 3160 MiB`.
 */
function oldEarlyoom(line: string): OomLine | undefined {
  const match =
    /^[Kk]illing process (?:(\d+) )?["']?(.*?)["']? with signal \d+(?:, pid: (\d+))?[:,] badness:? (\d+), VmRSS:? (\d+) MiB/.exec(
      line,
    );
  const pid = match?.[1] ?? match?.[3];
  if (!match || pid === undefined) return undefined;
  const [, , process = '', , score, megabytes] = match;
  return {
    type: 'userspace',
    killer: 'earlyoom',
    process,
    pid: Number(pid),
    score: Number(score),
    residentBytes: Number(megabytes) * 1024 * 1024,
  };
}
