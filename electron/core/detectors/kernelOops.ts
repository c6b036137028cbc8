import { visibleText } from '../../../shared/model/hostText.ts';
import { type Detector, NOTHING } from './detector.ts';
import { kernelLine, sharedKernelWords } from './toldLine.ts';

/**
 * How each begins, from 2.6 to 6.x: what it is called, and whether the kernel goes on after it as if nothing were, which
 * is a warning. Machine checks that are only "logged" were mostly corrected.
 */
const FAULTS: readonly (readonly [RegExp, string, 'critical' | 'warning'])[] = [
  [/^Kernel panic - not syncing: (.{1,200})/, 'panic', 'critical'],
  [
    /^(?:BUG: kernel NULL pointer dereference|BUG: [Uu]nable to handle (?:kernel )?(?:NULL pointer dereference|paging request|page fault|data access|instruction fetch|unaligned access)|Unable to handle kernel .{1,60}(?: at (?:virtual )?address|in virtual kernel address space))(.{0,100})/,
    'bad memory access',
    'critical',
  ],
  [/^kernel BUG at (.{1,200})/, 'assertion', 'critical'],
  [/^(?:Internal error: )?Oops[: ](.{0,100})/, 'oops', 'critical'],
  [
    /^general protection fault(?: maybe|, | probably|: )(.{0,100}\[#\d+\].*)/,
    'general protection fault',
    'critical',
  ],
  [
    /^((?:divide error|invalid opcode|double fault|stack segment|int3|invalid TSS|alignment check): [0-9a-f]{4} \[#\d+\].{0,80})/,
    'oops',
    'critical',
  ],
  [
    /^(?:NMI )?(?:watchdog: )?BUG: (soft lockup - CPU#\d+ stuck for \d+s!.{0,100})/,
    'soft lockup',
    'critical',
  ],
  [
    /^(?:NMI )?(?:watchdog: )?(?:CPU ?\d+: )?Watchdog detected (hard LOCKUP on cpu ?\d+.{0,60})/,
    'hard lockup',
    'critical',
  ],
  [
    /^(?:rcu: )?INFO: (\w{1,40} (?:self-)?detected (?:expedited )?stalls? on CPU.{0,60})/,
    'RCU stall',
    'critical',
  ],
  [/^(?:watchdog: )?BUG: (workqueue lockup - pool.{0,100})/, 'workqueue lockup', 'critical'],
  [
    /^BUG: (Bad page (?:state|map) in process .{0,80}|scheduling while atomic: .{0,80})/,
    'kernel bug',
    'critical',
  ],
  [
    /^(?:mce: )?(?:\{\d+\})?\[Hardware Error\]: (CPU ?\d+: Machine Check.{0,80}|event severity: (?:fatal|recoverable).{0,40})/,
    'hardware error',
    'critical',
  ],
  [/^EDAC \S{1,20}: (\d+ UE .{0,100})/, 'hardware error', 'critical'],
  [/^(?:mce: )?(?:\[Hardware Error\]: )?(Machine check events logged.{0,60})/, 'hardware error', 'warning'],
];

/**
 * The kernel itself is in trouble: an oops, a lock-up, a stall, a panic. One fault is many lines, and the first names it:
 * what follows within ten seconds belongs to it.
 */
export const kernelOops: Detector<{ lastAt: number; number: number }> = {
  name: 'kernelOops',
  takes: ['kernelLine'],
  thresholds: { togetherSeconds: 10 },
  initial: () => ({ lastAt: Number.NEGATIVE_INFINITY, number: 0 }),
  reduce(state, input, context) {
    const line = kernelLine(input, context);
    if (!line) return NOTHING;
    const found = FAULTS.map(([pattern, fault, severity]) => ({
      fault,
      severity,
      match: pattern.exec(line.text),
    })).find((one) => one.match);
    if (!found?.match) return NOTHING;
    const together = line.at - state.lastAt <= Number(context.thresholds['togetherSeconds']) * 1000;
    state.lastAt = line.at;
    // A panic is worth telling even as the end of another fault.
    if (together && found.fault !== 'panic') return NOTHING;
    state.number++;
    return [
      {
        type: 'event',
        key: `${state.number}`,
        draft: {
          kind: 'kernel.oops',
          severity: found.severity,
          at: line.at,
          ...(line.hostAt === undefined ? {} : { hostAt: line.hostAt }),
          title: `The kernel reports: ${visibleText(line.text, 120)}${sharedKernelWords(context)}`,
          detail: { fault: found.fault, past: line.past },
          evidence: [line.evidence],
          actions: [],
          momentary: true,
        },
      },
    ];
  },
};
