import { withoutSecrets } from '../../../shared/model/commandLine.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { SuggestedAction } from '../../../shared/model/timelineEvent.ts';
import type { ErlangNode, ErlangPeer } from '../erlang/erlangNode.ts';
import {
  type Detector,
  type DetectorContext,
  type DetectorOutput,
  type EventDraft,
  NOTHING,
} from './detector.ts';
import { spokenAge } from './respawnRole.ts';

interface Known {
  peer: ErlangPeer;
  service: ErlangNode;
  since: number;
  /** It was connected when we came. */
  before: boolean;
  /** It was seen at a terminal: a person had started it. */
  hadTerminal: boolean;
  orphanSince?: number;
  told: boolean;
}

interface State {
  /** By service and connection. */
  peers: Map<string, Known>;
  /** Services that were seen before: what is connected at the first look is no news. */
  services: Set<string>;
}

/**
 * Nodes that join and leave the Erlang nodes of a host, and remote shells whose terminal or session is gone while they
 * stay connected: the story of the debug node that keeps a service busy.
 */
export const erlangNodes: Detector<State> = {
  name: 'erlangNodes',
  takes: ['erlang'],
  thresholds: {},
  initial: () => ({ peers: new Map(), services: new Set() }),
  reduce(state, input, context) {
    if (input.type !== 'erlang') return NOTHING;
    const outputs: DetectorOutput[] = [];
    const seen = new Set<string>();
    for (const service of input.nodes) {
      // Its own connection is told of the node at the other end.
      if (service.remoteShell || isGuest(service, input.nodes)) continue;
      const serviceKey = `${service.identity.pid}/${service.identity.startTicks}`;
      const before = !state.services.has(serviceKey);
      state.services.add(serviceKey);
      for (const look of service.peers) {
        const key = `${serviceKey} ${look.key}`;
        seen.add(key);
        // Its process may be seen later than its connection, and a name may go unanswered: what is known stays so.
        const peer: ErlangPeer = { ...state.peers.get(key)?.peer, ...look };
        const known: Known = state.peers.get(key) ?? {
          peer,
          service,
          since: context.now,
          before,
          hadTerminal: false,
          told: false,
        };
        const isNew = !state.peers.has(key);
        const learned =
          known.peer.name !== peer.name || known.peer.process?.identity.pid !== peer.process?.identity.pid;
        known.peer = peer;
        if (peer.process?.terminal) known.hadTerminal = true;
        known.service = service;
        state.peers.set(key, known);
        if ((isNew && (!before || isVisitor(peer))) || (known.told && learned)) {
          known.told = true;
          outputs.push({ type: 'event', key: `up ${key}`, draft: nodeUp(known, context) });
        }
        if (isOrphan(known) && known.orphanSince === undefined) {
          known.orphanSince = context.now;
          outputs.push({ type: 'event', key: `orphan ${key}`, draft: orphan(known, context) });
        }
      }
    }
    for (const [key, known] of state.peers) {
      if (seen.has(key)) continue;
      state.peers.delete(key);
      const down = nodeDown(known, context);
      if (known.orphanSince !== undefined)
        outputs.push({ type: 'close', key: `orphan ${key}`, endedAt: context.now });
      if (known.told) outputs.push({ type: 'close', key: `up ${key}`, endedAt: context.now, recovery: down });
      else outputs.push({ type: 'event', key: `down ${key}`, draft: down });
    }
    return outputs;
  },
};

/** A node that was started to look at another: it holds a connection to one here, and nothing but that. */
function isGuest(node: ErlangNode, nodes: readonly ErlangNode[]): boolean {
  if (
    node.peers.length !== 1 ||
    !/ -(?:hidden|remsh)\b| -s?name (?:undefined|debug|rem-|rpc-)/.test(node.command)
  )
    return false;
  const host = node.peers[0]?.process?.identity.pid;
  return nodes.some((other) => other.identity.pid === host);
}

/**
 * Its terminal is gone, and so is the shell that led its session: of one that a person had started, by all signs. A hidden
 * node that a service manager started leads a session of its own, has pid 1 for a parent and never had a terminal.
 */
function isOrphan({ peer: { process }, hadTerminal }: Pick<Known, 'peer' | 'hadTerminal'>): boolean {
  return (
    process !== undefined &&
    !process.terminal &&
    (process.sessionGone || (process.parentPid === 1 && hadTerminal)) &&
    (hadTerminal || isInteractive(process.command))
  );
}

/** Made for a person at a terminal, not a service of its own. */
function isInteractive(command: string): boolean {
  return / -(?:remsh|hidden)\b| -s?name (?:undefined|debug|rem-|rpc-|\S*(?:debug|shell|console|remote))/i.test(
    command,
  );
}

/** Worth a line even when it was there before us; the members of a cluster are not. */
function isVisitor({ hidden, name, process }: ErlangPeer): boolean {
  return (
    hidden === true ||
    (process !== undefined && isInteractive(process.command)) ||
    (name !== undefined && VISITOR.test(name))
  );
}

const VISITOR = /^(?:debug|rem-|rpc-|remsh|console)/i;

/** At a sentence's beginning. `kind`: `node`, `hidden node`. */
function subject({ peer }: Known, kind: string, at = ''): string {
  return peer.name === undefined
    ? `An unnamed ${kind}${at}`
    : `${kind.charAt(0).toUpperCase()}${kind.slice(1)} ${visibleText(peer.name, 120)}`;
}

function serviceName({ service }: Known): string {
  return service.name === undefined
    ? `the node of pid ${service.identity.pid}`
    : visibleText(service.name, 120);
}

/** The node with all that is known of its process. */
function peerWords(known: Known): string {
  const { hidden } = known.peer;
  const kind = hidden === undefined ? 'node' : hidden ? 'hidden node' : 'visible node';
  return `${subject(known, kind)} (${place(known)})`;
}

function countOf(peers: number): string {
  return peers === 1 ? 'its only connection' : `one of ${peers} connections`;
}

function place({ peer }: Known): string {
  const { process } = peer;
  if (!process) return `from ${peer.address}:${peer.port}`;
  return `pid ${process.identity.pid} on this host, ${process.terminal ? 'at a terminal' : 'without a terminal'}`;
}

function nodeUp(known: Known, context: DetectorContext): EventDraft {
  const visibility = known.peer.hidden === undefined ? '' : known.peer.hidden ? ', hidden' : ', visible';
  return {
    ...common(known, context),
    kind: 'erlang.node_up',
    severity: 'info',
    at: known.since,
    title: `${subject(known, 'node')} ${known.before ? 'was connected when we came, to' : 'joined'} ${serviceName(known)} (${place(known)}${visibility})`,
    verdict: `${peerWords(known)} ${known.before ? 'was already connected when we came' : 'joined'}: it is connected to ${serviceName(known)} (pid ${known.service.identity.pid}, ${countOf(known.service.peers.length)})`,
    momentary: false,
  };
}

function nodeDown(known: Known, context: DetectorContext): EventDraft {
  return {
    ...common(known, context),
    kind: 'erlang.node_down',
    severity: known.orphanSince === undefined ? 'info' : 'recovered',
    at: context.now,
    title: `${subject(known, 'node', ` at ${known.peer.address}`)} left ${serviceName(known)}`,
    verdict: `${peerWords(known)} left ${serviceName(known)} ${spokenAge(context.now - known.since)} after ${known.before ? 'we first saw it' : 'it joined'}`,
    actions: [],
    momentary: true,
  };
}

function orphan(known: Known, context: DetectorContext): EventDraft {
  return {
    ...common(known, context),
    kind: 'erlang.orphan_remote_shell',
    // Whoever starts a service by hand and leaves means it to stay.
    severity: known.peer.process && isInteractive(known.peer.process.command) ? 'critical' : 'warning',
    at: context.now,
    title: `${subject(known, 'node')} is still connected to ${serviceName(known)}, but its terminal is gone (pid ${known.peer.process?.identity.pid})`,
    verdict: `${peerWords(known)} is still connected to ${serviceName(known)} (pid ${known.service.identity.pid}), though the terminal it was started from is gone: nobody can type into it, and it stays until it is disconnected or ended`,
    momentary: false,
  };
}

function common(
  known: Known,
  context: DetectorContext,
): Pick<EventDraft, 'hostAt' | 'detail' | 'evidence' | 'actions'> {
  const { peer, service } = known;
  return {
    hostAt: context.now + (context.facts?.clockOffsetMs ?? 0),
    detail: {
      ...(peer.name === undefined ? {} : { node: peer.name }),
      ...(peer.hidden === undefined ? {} : { hidden: peer.hidden }),
      address: peer.address,
      port: peer.port,
      ...(service.name === undefined ? {} : { service: service.name }),
      servicePid: service.identity.pid,
      connectedWhenWeCame: known.before,
      ...(peer.process
        ? {
            pid: peer.process.identity.pid,
            terminal: peer.process.terminal,
            orphaned: isOrphan(known),
          }
        : {}),
    },
    evidence: [
      {
        type: 'process',
        identity: service.identity,
        name: 'beam.smp',
        command: withoutSecrets(service.command),
        note: 'the node that it is connected to',
      },
      ...(peer.process
        ? [
            {
              type: 'process' as const,
              identity: peer.process.identity,
              name: 'beam.smp',
              command: withoutSecrets(peer.process.command),
              note: 'the connected node’s own process',
            },
          ]
        : []),
    ],
    actions: actionsFor(known, context),
  };
}

function actionsFor(known: Known, context: DetectorContext): SuggestedAction[] {
  const { peer, service } = known;
  const actions: SuggestedAction[] = [];
  if (peer.name !== undefined)
    actions.push({
      action: 'erlang.disconnect_node',
      label: `Disconnect ${visibleText(peer.name, 60)}…`,
      host: context.host,
      arguments: {
        service: service.identity,
        node: peer.name,
        ...(peer.process ? { process: peer.process.identity } : {}),
      },
    });
  if (peer.process && isOrphan(known))
    actions.push({
      action: 'process.kill',
      label: `Kill its process, pid ${peer.process.identity.pid}…`,
      host: context.host,
      arguments: { target: peer.process.identity, signal: 'TERM' },
    });
  return actions;
}
