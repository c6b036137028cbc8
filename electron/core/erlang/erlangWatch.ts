import type { Clock } from '../../../shared/base/clock.ts';
import { type Disposable, DisposableStore } from '../../../shared/base/disposable.ts';
import { isUp } from '../../../shared/model/host.ts';
import type { ProcessRow } from '../../../shared/model/process.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import type { Session } from '../sessions/session.ts';
import { callNode, PROBE_NAME, readAnswer } from './callNode.ts';
import type { ErlangNode } from './erlangNode.ts';
import { BEAM_SCRIPT, readBeams } from './inspectBeams.ts';

/** Looks that often at who is connected: a node that joins is told within two and a half seconds. */
const LOOK_EVERY_MS = 2000;
const MOST_BEAMS = 16;
/** A node on a quiet host answers in a tenth of that. */
const PATIENCE_MS = 600;

/**
 * Follows the distribution connections of every Erlang node on a host. Sockets tell who is connected, with no cookie
 * and without epmd; when they change, the node itself is asked for the names. Costs nothing where no node runs.
 */
export function watchErlang(options: {
  session: Session;
  clock: Clock;
  latestSample: () => Sample | undefined;
  onNodes: (nodes: ErlangNode[]) => void;
}): Disposable {
  const { session, clock } = options;
  const owned = new DisposableStore();
  const ended = new AbortController();
  owned.addStop(() => ended.abort());
  const named = new Map<string, { asked: ReadonlySet<string>; names: Map<string, PeerName> }>();
  let busy = false;

  async function look(): Promise<void> {
    const sample = options.latestSample();
    const beams = (sample?.table ?? []).filter(isBeam).slice(0, MOST_BEAMS);
    if (busy || !sample || beams.length === 0 || !isUp(session.link)) return;
    busy = true;
    try {
      const result = await session.run(
        ['sh', '-c', BEAM_SCRIPT, 'beams', ...beams.map((b) => String(b.pid))],
        {
          purpose: 'look at Erlang nodes',
          timeoutMs: 5000,
          signal: ended.signal,
        },
      );
      if (!result.ok) return;
      const nodes = readBeams(result.value.stdout, beams, sample.bootId);
      // An answer may take long on a host that is busy: then who joined is told before it has a name.
      const patience = clock.after(PATIENCE_MS, () => {
        if (!owned.isDisposed) options.onNodes(nodes.flatMap(withoutStrangers));
      });
      try {
        for (const node of nodes) await nameThePeers(node);
      } finally {
        patience.dispose();
      }
      if (!owned.isDisposed) options.onNodes(nodes);
    } finally {
      busy = false;
    }
  }

  /** Asked again only when a connection came that it was not asked about. */
  async function nameThePeers(node: ErlangNode): Promise<void> {
    if (node.name === undefined || node.remoteShell) return;
    const key = keyOf(node);
    const before = named.get(key);
    for (const peer of node.peers) Object.assign(peer, before?.names.get(peer.key));
    if (node.peers.some((peer) => !before?.asked.has(peer.key))) {
      const names = await askForNames(node);
      named.set(key, { asked: new Set(node.peers.map((peer) => peer.key)), names });
      for (const peer of node.peers) Object.assign(peer, names.get(peer.key));
    } else if (!before) named.set(key, { asked: new Set(), names: new Map() });
    node.peers = node.peers.filter((peer) => peer.name?.startsWith(PROBE_NAME) !== true);
  }

  /** Those without a name yet are told of when they are a node's process on this host: a probe of ours is not. */
  function withoutStrangers(node: ErlangNode): ErlangNode[] {
    if (node.name === undefined || node.remoteShell) return [node];
    const asked = named.get(keyOf(node))?.asked;
    // At the first look all were there before, and names decide what is worth a line: that look is waited for.
    if (!asked) return [];
    const peers = node.peers.filter(
      ({ key, name, process }) =>
        name?.startsWith(PROBE_NAME) !== true &&
        (name !== undefined || asked.has(key) || (process && !process.command.includes(PROBE_NAME))),
    );
    return [{ ...node, peers }];
  }

  async function askForNames(node: ErlangNode): Promise<Map<string, PeerName>> {
    const result = await session.run(callNode(node.identity, PEERS), {
      purpose: 'name Erlang nodes',
      timeoutMs: 12_000,
      signal: ended.signal,
    });
    const answer = result.ok ? readAnswer(result.value) : undefined;
    return answer?.kind === 'ok' ? readPeers(answer.value) : new Map();
  }

  owned.add(clock.every(LOOK_EVERY_MS, () => void look()));
  return owned;
}

function keyOf({ identity }: ErlangNode): string {
  return `${identity.pid}/${identity.startTicks}`;
}

function isBeam(row: ProcessRow): boolean {
  return row.name.startsWith('beam') || /(?:^|\/)beam(?:\.smp)?(?:\s|$)/.test(row.command);
}

interface PeerName {
  name: string;
  hidden: boolean;
}

/** `name-in-hexadecimal type address port;` for each connection; names are atoms, and may hold any character of Unicode. */
const PEERS =
  '{ok, L} = net_kernel:nodes_info(), lists:flatten([begin {net_address, {A, P}, _, _, _} = proplists:get_value(address, I), ' +
  '[[io_lib:format("~6.16.0b", [C]) || C <- atom_to_list(N)], " ", atom_to_list(proplists:get_value(type, I)), " ", inet:ntoa(A), " ", integer_to_list(P), ";"] end ' +
  '|| {N, I} <- L, proplists:get_value(state, I) =:= up, is_tuple(element(2, proplists:get_value(address, I)))])';

/** Keyed as a peer is: `address:port`. */
export function readPeers(value: string): Map<string, PeerName> {
  const names = new Map<string, PeerName>();
  for (const [, hex = '', type, address, port] of value.matchAll(
    /(?<![^;"])((?:[0-9a-f]{6})+) (\w+) ([0-9a-f.:]+) (\d+);/gi,
  )) {
    const codes = (hex.match(/.{6}/g) ?? []).map((digits) => Number.parseInt(digits, 16));
    if (codes.some((code) => code > 0x10ffff)) continue;
    const name = String.fromCodePoint(...codes);
    names.set(`${address}:${port}`, { name, hidden: type === 'hidden' });
  }
  return names;
}
