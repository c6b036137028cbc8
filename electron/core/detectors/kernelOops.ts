import { visibleText } from '../../../shared/model/hostText.ts';
import type { Detector } from './detector.ts';
import { kernelLine, sharedKernelWords } from './toldLine.ts';

/** How each begins, what it is called, and whether the kernel can go on after it. */
const FAULTS: readonly (readonly [RegExp, string])[] = [
  [/^Kernel panic - not syncing: (.{1,200})/, 'panic'],
  [
    /^(?:BUG: kernel NULL pointer dereference|BUG: unable to handle (?:kernel )?(?:NULL pointer dereference|paging request|page fault)|Unable to handle kernel .{1,60} at virtual address)(.{0,100})/,
    'bad memory access',
  ],
  [/^kernel BUG at (.{1,200})/, 'assertion'],
  [/^(?:Internal error: )?Oops[: ](.{0,100})/, 'oops'],
  [/^general protection fault(?: maybe|, | probably|: )(.{0,100}\[#\d+\].*)/, 'general protection fault'],
  [/^(?:watchdog: )?BUG: (soft lockup - CPU#\d+ stuck for \d+s!.{0,100})/, 'soft lockup'],
  [/^(?:NMI watchdog: |watchdog: )Watchdog detected (hard LOCKUP on cpu \d+.{0,60})/, 'hard lockup'],
  [/^rcu: INFO: (\w{1,40} (?:self-)?detected (?:expedited )?stalls? on CPU.{0,60})/, 'RCU stall'],
  [
    /^(?:mce: )?\[Hardware Error\]: (Machine check events logged.{0,60}|CPU \d+: Machine Check.{0,80})/,
    'hardware error',
  ],
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
    if (!line) return [];
    const found = FAULTS.map(([pattern, fault]) => ({ fault, match: pattern.exec(line.text) })).find(
      (one) => one.match,
    );
    if (!found?.match) return [];
    const together = line.at - state.lastAt <= Number(context.thresholds['togetherSeconds']) * 1000;
    state.lastAt = line.at;
    // A panic is worth telling even as the end of another fault.
    if (together && found.fault !== 'panic') return [];
    state.number++;
    return [
      {
        type: 'event',
        key: `${state.number}`,
        draft: {
          kind: 'kernel.oops',
          severity: 'critical',
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
