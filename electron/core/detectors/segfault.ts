import { visibleText } from '../../../shared/model/hostText.ts';
import { type Detector, NOTHING } from './detector.ts';
import { kernelLine, sharedKernelWords } from './toldLine.ts';

interface Crashes {
  /** By program: how often within the window. */
  recent: Map<string, { count: number; lastAt: number }>;
}

const MOST_PROGRAMS = 200;

/**
 * A process that the kernel ended for touching memory, or an instruction, that it may not. Formats of show_signal_msg()
 * (x86: `NAME[PID]: segfault at ADDRESS ip … error CODE in FILE[…]`), of show_signal() in traps.c (`traps: NAME[PID] trap
 * invalid opcode ip:…`, `general protection fault`) and of arm64 (`NAME[PID]: unhandled exception: …`); before 2.6.26 the
 * registers are `rip` and `rsp`, and until 3.x a general protection fault has no `traps:` before it. The kernel limits
 * the rate of these lines, so the count is a least one. A name may hold brackets and colons: the last `[PID]` counts.
 */
export const segfault: Detector<Crashes> = {
  name: 'segfault',
  takes: ['kernelLine'],
  thresholds: { windowSeconds: 60 },
  initial: () => ({ recent: new Map() }),
  reduce(state, input, context) {
    const line = kernelLine(input, context);
    const crash = line && readCrash(line.text);
    if (!line || !crash) return NOTHING;
    const before = state.recent.get(crash.name);
    const again =
      before !== undefined && line.at - before.lastAt <= Number(context.thresholds['windowSeconds']) * 1000;
    const count = again ? before.count + 1 : 1;
    state.recent.delete(crash.name);
    state.recent.set(crash.name, { count, lastAt: line.at });
    const [oldest] = state.recent.keys();
    if (state.recent.size > MOST_PROGRAMS && oldest !== undefined) state.recent.delete(oldest);
    const name = visibleText(crash.name, 40);
    return [
      {
        type: 'event',
        key: crash.name,
        draft: {
          kind: 'kernel.segfault',
          // The log of a container's kernel is everybody's: whose it was is not known. One from before we came is no news,
          // and is read before it is known what kind of host this is.
          severity: context.facts?.container || line.past ? 'info' : 'warning',
          at: line.at,
          ...(line.hostAt === undefined ? {} : { hostAt: line.hostAt }),
          title: `${name} (pid ${crash.pid}) crashed: ${crash.fault}${crash.file === undefined ? '' : ` in ${visibleText(crash.file, 60)}`}${count > 1 ? `, ${count} times within a minute of each other` : ''}${sharedKernelWords(context)}`,
          detail: {
            process: crash.name,
            pid: crash.pid,
            pidNamespace: context.facts?.container ? 'machine' : 'host',
            fault: crash.fault,
            ...(crash.file === undefined ? {} : { file: crash.file }),
            ...(crash.address === undefined ? {} : { address: crash.address }),
            count,
            past: line.past,
          },
          evidence: [line.evidence],
          actions: [],
          momentary: true,
        },
      },
    ];
  },
};

interface Crash {
  name: string;
  pid: number;
  fault: string;
  address?: string;
  file?: string;
}

function readCrash(text: string): Crash | undefined {
  const segment =
    /^(.{1,64})\[(\d{1,10})\]: segfault at ([0-9a-f]{1,16}) [re]?ip [0-9a-f]+ [re]?sp [0-9a-f]+ error ([0-9a-f]{1,4})(?: in (.{1,200}?)\[[0-9a-f]+[,+])?/.exec(
      text,
    );
  if (segment) {
    const [, name = '', pid, address = '', code = '0', file] = segment;
    return {
      name,
      pid: Number(pid),
      fault: accessOf(address, Number.parseInt(code, 16)),
      address: `0x${address}`,
      ...(file === undefined ? {} : { file }),
    };
  }
  const trap =
    /^(?:traps: (?=.)|(?=.{1,64}\] (?:trap|general protection) ))(.{1,64})\[(\d{1,10})\] (?:trap )?([a-z][a-z0-9 -]{2,40}) [re]?ip:[0-9a-f]+ [re]?sp:[0-9a-f]+ error:[0-9a-f]+(?: in (.{1,200}?)\[[0-9a-f]+[,+])?/.exec(
      text,
    );
  if (trap) {
    const [, name = '', pid, fault = '', file] = trap;
    return { name, pid: Number(pid), fault, ...(file === undefined ? {} : { file }) };
  }
  // PowerPC and RISC-V: `NAME[PID]: segfault (11) at ADDRESS nip …`, `NAME[PID]: unhandled signal 11 code 0x1 at 0x…`.
  const signal =
    /^(.{1,64})\[(\d{1,10})\]: (?:unhandled signal (\d{1,2})|[a-z ]{3,20} \((\d{1,2})\))(?: code 0x[0-9a-f]{1,8})? at (?:0x)?([0-9a-f]{1,16})\b(?:.{0,120}? in (.{1,200}?)\[[0-9a-f]+[,+])?/.exec(
      text,
    );
  if (signal) {
    const [, name = '', pid, unhandled, named, address = '', file] = signal;
    const number = unhandled ?? named;
    return {
      name,
      pid: Number(pid),
      fault: number === '11' ? accessOf(address, 0) : `signal ${number}`,
      address: `0x${address}`,
      ...(file === undefined ? {} : { file }),
    };
  }
  const arm =
    /^(.{1,64})\[(\d{1,10})\]: unhandled (?:exception: |level \d )([A-Za-z][A-Za-z0-9 ()-]{2,60}?)(?: at 0x([0-9a-f]{1,16}))?(?:, ESR 0x[0-9a-f]+.*?|, esr 0x[0-9a-f]+.*?)(?: in (.{1,200}?)\[[0-9a-f]+[,+])?/i.exec(
      text,
    );
  if (!arm) return undefined;
  const [, name = '', pid, fault = '', address, file] = arm;
  return {
    name,
    pid: Number(pid),
    fault: fault.trim(),
    ...(address === undefined ? {} : { address: `0x${address}` }),
    ...(file === undefined ? {} : { file }),
  };
}

/** x86's page fault code: bit 1 a write, bit 4 an instruction fetch. */
function accessOf(address: string, code: number): string {
  const did = code & 0x10 ? 'ran code at' : code & 0x2 ? 'wrote to' : 'read';
  return Number.parseInt(address, 16) < 4096 ? `${did} a null pointer` : `${did} memory that it may not`;
}
