import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { quoteArgument } from '../../../electron/core/sessions/shellQuote.ts';

export interface ErlangService {
  /** `svc12@localhost` */
  readonly node: string;
  readonly cookie: string;
  readonly pid: number;
  /** CPU time that it has used, in the kernel's ticks: of itself alone, whatever else the machine does. */
  cpuTicks(): number;
  /**
   * What a person types to look at the service from its own host: a node of its own that connects, and stays when its
   * session is gone, as remote shells of older releases did.
   */
  debugCommand(
    /** With or without what stands behind `@`. Absent: a node without a name of its own, as `-sname undefined` makes it. */
    name: string | undefined,
    /** `returns`: connects again each time that it is disconnected. */
    options?: { hidden?: boolean; hangUpIgnored?: boolean; returns?: boolean },
  ): string;
  stop(): Promise<void>;
}

/** The service's own fault: while another node is connected, it works in circles. */
const BUSY = `
  Burn = fun Burn() -> _ = lists:sum(lists:seq(1, 1000)), Burn() end,
  Debug = fun() -> lists:any(fun(N) -> not lists:prefix("fireline", atom_to_list(N)) end, nodes(connected)) end,
  Watch = fun Watch(P) ->
    timer:sleep(200),
    case {Debug(), P} of
      {true, none} -> Watch(spawn(Burn));
      {false, _} when P =/= none -> exit(P, kill), Watch(none);
      _ -> Watch(P)
    end
  end,
  spawn(fun() -> Watch(none) end), io:format("ready~n").
`;

/** A real node on this machine, which burns one core while any node but our own probe is connected. */
export async function startErlangService(
  name: string,
  launch: { file: string; args: readonly string[] } = { file: 'erl', args: [] },
): Promise<ErlangService> {
  const cookie = `c${Math.random().toString(36).slice(2)}`;
  const child: ChildProcess = spawn(
    launch.file,
    [...launch.args, '-noinput', '-sname', `${name}@localhost`, '-setcookie', cookie, '-eval', BUSY],
    { stdio: ['ignore', 'pipe', 'pipe'], detached: true },
  );
  let said = '';
  child.stderr?.on('data', (data) => {
    said += String(data);
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (data) => {
      said += String(data);
      if (said.includes('ready')) resolve();
    });
    child.once('exit', () => reject(new Error(`the Erlang node ended: ${said}`)));
    child.once('error', reject);
  });
  // By the name that every host has for itself.
  const node = `${name}@localhost`;
  return {
    node,
    cookie,
    pid: child.pid ?? -1,
    cpuTicks() {
      // The emulator is what `erl` becomes.
      const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return Number(fields[11]) + Number(fields[12]);
    },
    debugCommand(debug, { hidden = false, hangUpIgnored = true, returns = false } = {}) {
      const flags = `${hidden ? ' -hidden' : ''} -sname ${quoteArgument(debug === undefined ? 'undefined' : debug.includes('@') ? debug : `${debug}@localhost`)}`;
      const connect = `net_kernel:connect_node('${node}')`;
      const code = returns ? `F = fun F() -> ${connect}, timer:sleep(500), F() end, spawn(F)` : connect;
      return `${hangUpIgnored ? "trap '' HUP; " : ''}erl -noinput${flags} -setcookie ${cookie} -eval "${code}" &`;
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}
