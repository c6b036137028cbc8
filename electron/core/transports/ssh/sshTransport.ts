import type { Duplex } from 'node:stream';
import type { Clock } from '../../../../shared/base/clock.ts';
import { Emitter } from '../../../../shared/base/emitter.ts';
import { fail, ok, type Result } from '../../../../shared/base/result.ts';
import type { ConnectionExtras } from '../../../../shared/model/forward.ts';
import type { HostId } from '../../../../shared/model/host.ts';
import type { TransportSpec } from '../../../../shared/model/workspace.ts';
import type { Prompter } from '../../sessions/prompter.ts';
import { createForwardList } from '../forwardList.ts';
import type { ConnectFailure, Transport } from '../transport.ts';
import type { BastionPool } from './bastionPool.ts';
import { ForwardedAgent } from './forwardedAgent.ts';
import type { KeyRing } from './keyRing.ts';
import {
  resolveSshConfig,
  resolveSshConfigRunning,
  type SshConfigOptions,
  type SshOverrides,
} from './sshConfig.ts';
import { createSshConnection } from './sshConnection.ts';
import { openForwards } from './sshForwards.ts';
import { describeHop } from './sshHop.ts';
import type { SshTarget } from './sshTarget.ts';
import { agentSocket, createSshWay, findCircle } from './sshWay.ts';

export interface SshContext {
  prompter: Prompter;
  clock: Clock;
  keyRing: KeyRing;
  bastions: BastionPool;
  sshConfig: SshConfigOptions;
  /** The wire to the host, in place of TCP, jumps and ProxyCommand. */
  openSocket?: (signal: AbortSignal) => Promise<Result<Duplex, ConnectFailure>>;
  /** Default: this process's. */
  environment?: Readonly<Record<string, string | undefined>>;
}

type SshSpec = Extract<TransportSpec, { kind: 'ssh' }>;

/** SSH through ssh2, with jumps, known_hosts, agents, forwards and ssh_config as ssh(1) takes them. */
export function createSshTransport(host: HostId, spec: SshSpec, context: SshContext): Transport {
  const environment = context.environment ?? process.env;
  const { alias, overrides } = readSpec(spec);
  const changed = new Emitter<void>();
  const list = createForwardList(context.clock);
  list.onChange(() => changed.fire());
  // Nothing is run before a connection is wanted; what Match exec would decide is known then.
  let target = resolveSshConfig(alias, context.sshConfig, overrides);
  let agentForwarding: ConnectionExtras['agentForwarding'];
  let refusals: string[] = [];
  /** Connections that stand, oldest first: the first carries the forwards. */
  const standing: { openForwards(): void }[] = [];

  return {
    kind: 'ssh',
    get address() {
      return describeHop(target);
    },
    extras: {
      onChange: changed.event,
      get current() {
        return {
          forwards: list.forwards,
          ...(agentForwarding ? { agentForwarding: { ...agentForwarding } } : {}),
          notices: [...target.faults.map((fault) => `ssh_config: ${fault}`), ...target.warnings, ...refusals],
        };
      },
    },
    async probe(signal) {
      const way = createSshWay(host, context, signal);
      try {
        return await way.probe(target);
      } finally {
        way.dispose();
      }
    },
    async connect(signal, onPhase) {
      // Read again each time: at 3 a.m. the file is what gets edited between two tries.
      const to = await resolveSshConfigRunning(alias, context.sshConfig, overrides, context.clock);
      target = to;
      const obstacle = findObstacle(to) ?? (context.openSocket ? undefined : await findCircle(to, context));
      if (obstacle) return fail(obstacle);
      const agent = agentToForward(to, environment);
      const use = () => {
        if (agentForwarding) agentForwarding.uses++;
        changed.fire();
      };
      const way = createSshWay(host, context, signal);
      const hop = await way.connect(
        to,
        () => onPhase('authenticating'),
        agent === undefined ? undefined : new ForwardedAgent(agent, use),
      );
      if (!hop.ok) {
        way.dispose();
        return hop;
      }
      const client = hop.value;
      let forwards: ReturnType<typeof openForwards> | undefined;
      const own = {
        openForwards() {
          forwards = openForwards(client, to, list);
        },
      };
      standing.push(own);
      refusals = [];
      agentForwarding = agent === undefined ? undefined : { socket: agent, uses: 0 };
      const connection = createSshConnection(client, to, context, {
        forwardAgent: agent !== undefined,
        onAgentRefused() {
          agentForwarding = undefined;
          refusals.push(`${describeHop(to)} does not allow agent forwarding; panes have none`);
          changed.fire();
        },
        release() {
          forwards?.dispose();
          way.dispose();
          const wasFirst = standing[0] === own;
          standing.splice(standing.indexOf(own), 1);
          if (standing.length === 0) {
            agentForwarding = undefined;
            list.rest();
          } else if (wasFirst) standing[0]?.openForwards();
          changed.fire();
        },
      });
      if (standing[0] === own) own.openForwards();
      changed.fire();
      if (to.exitOnForwardFailure && forwards) {
        await forwards.settled;
        const failed = list.forwards.find(({ state }) => state.kind === 'failed');
        if (failed?.state.kind === 'failed') {
          connection.dispose();
          return fail({
            kind: 'refused',
            reason: `${describeHop(to)}: ExitOnForwardFailure is on, and ${failed.state.reason}`,
            advice: failed.state.advice,
          });
        }
      }
      return ok(connection);
    },
  };
}

function readSpec(spec: SshSpec): { alias: string; overrides: SshOverrides } {
  if ('alias' in spec) return { alias: spec.alias, overrides: {} };
  return {
    alias: spec.host,
    overrides: {
      ...(spec.port === undefined ? {} : { port: spec.port }),
      ...(spec.user === undefined ? {} : { user: spec.user }),
      ...(spec.identityFile === undefined ? {} : { identityFiles: [spec.identityFile] }),
      ...(spec.knownHostsFile === undefined ? {} : { userKnownHostsFiles: [spec.knownHostsFile] }),
      ...(spec.jump === undefined ? {} : { jump: spec.jump }),
      ...(spec.hostKeyAlias === undefined ? {} : { hostKeyAlias: spec.hostKeyAlias }),
    },
  };
}

/** What makes any attempt pointless. */
function findObstacle(target: SshTarget): ConnectFailure | undefined {
  const lists = {
    Ciphers: target.ciphers,
    MACs: target.macs,
    KexAlgorithms: target.keyExchanges,
    HostKeyAlgorithms: target.hostKeyAlgorithms ?? target.standardHostKeyAlgorithms,
  };
  for (const [keyword, list] of Object.entries(lists)) {
    if (list.length > 0) continue;
    return {
      kind: 'refused',
      reason: `ssh_config allows ${target.alias} only ${keyword} that Fireline cannot do`,
      advice: `Allow one more for it, in ssh_config: fireline ssh-config ${target.alias} shows what is asked for and what is left.`,
    };
  }
  return undefined;
}

/** The socket that programs on the host may use, when the user's configuration says so. */
function agentToForward(
  target: SshTarget,
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (target.forwardAgent === undefined) return undefined;
  if (target.forwardAgent === 'agent') return agentSocket(target, environment);
  return target.forwardAgent.socket === 'none' ? undefined : target.forwardAgent.socket;
}
