import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { type Clock, systemClock } from '../../../../shared/base/clock.ts';
import { DisposableStore } from '../../../../shared/base/disposable.ts';
import type { HostId } from '../../../../shared/model/host.ts';
import type { TransportSpec } from '../../../../shared/model/workspace.ts';
import type { Prompter } from '../../sessions/prompter.ts';
import type { ConnectFailure, Connection, Transport } from '../transport.ts';
import { createTransport } from '../transports.ts';
import { listen, startTestSshd, type TestSshd } from './testSshd.ts';

/** What a host's `ssh` map may say. */
export type SshSpec = Partial<Extract<TransportSpec, { kind: 'ssh'; host: string }>>;

/** Transports to a real server for tests, by its address, as a workspace's `ssh` map names it. */
export interface SshByAddress {
  readonly sshd: TestSshd;
  /** Writes the user's ssh_config, which is empty otherwise. */
  configure(text: string): void;
  /** The name of a known_hosts file that is not there. */
  unknownFile(): string;
  /** Another OpenSSH server, until the test ends. */
  another(settings?: readonly string[]): Promise<TestSshd>;
  /** A server of ssh2's with the same host key, until the test ends, and what it is reached by. */
  serve(onClient: (client: ssh2.Connection) => void): Promise<SshSpec>;
  transport(
    prompter: Prompter,
    spec?: SshSpec,
    environment?: Record<string, string>,
    clock?: Clock,
  ): Transport;
  connect(...to: Parameters<SshByAddress['transport']>): Promise<Connection>;
  refusal(...to: Parameters<SshByAddress['transport']>): Promise<ConnectFailure>;
  /** Runs when the test ends. */
  afterwards(stop: () => unknown): void;
  clear(): Promise<void>;
  stop(): Promise<void>;
}

export async function createSshByAddress(): Promise<SshByAddress> {
  const sshd = await startTestSshd();
  const user = join(sshd.directory, 'ssh_config');
  let connections = new DisposableStore();
  const stops: (() => unknown)[] = [];
  const attempt = (to: Parameters<SshByAddress['transport']>) =>
    bed.transport(...to).connect(new AbortController().signal, () => {});
  const bed: SshByAddress = {
    sshd,
    configure: (text) => writeFileSync(user, text),
    unknownFile: () => join(sshd.directory, `known-${Math.random()}`),
    async another(settings) {
      const other = await startTestSshd(settings);
      stops.push(() => other.stop());
      return other;
    },
    async serve(onClient) {
      const hostKeys = [readFileSync(join(sshd.directory, 'host_ed25519'))];
      const server = new ssh2.Server({ hostKeys }, (client) => {
        client.on('error', () => {});
        onClient(client);
      });
      stops.push(() => server.close());
      return { port: await listen(server), knownHostsFile: bed.unknownFile() };
    },
    transport: (prompter, spec = {}, environment = {}, clock = systemClock) =>
      createTransport(
        {
          id: 'web1' as HostId,
          tags: [],
          transport: {
            kind: 'ssh',
            host: '127.0.0.1',
            port: sshd.port,
            user: sshd.user,
            identityFile: sshd.identity,
            knownHostsFile: sshd.knownHosts,
            ...spec,
          },
        },
        {
          prompter,
          clock,
          homeDirectory: sshd.directory,
          environment,
          sshConfigFiles: { user, system: '/nonexistent' },
        },
      ),
    async connect(...to) {
      const result = await attempt(to);
      if (!result.ok) throw new Error(`${result.error.kind}: ${result.error.reason}`);
      return connections.add(result.value);
    },
    async refusal(...to) {
      const result = await attempt(to);
      if (!result.ok) return result.error;
      result.value.dispose();
      throw new Error('it connected');
    },
    afterwards: (stop) => void stops.push(stop),
    async clear() {
      connections.dispose();
      connections = new DisposableStore();
      for (const stop of stops.splice(0)) await stop();
      bed.configure('');
    },
    async stop() {
      await bed.clear();
      await sshd.stop();
    },
  };
  bed.configure('');
  return bed;
}
