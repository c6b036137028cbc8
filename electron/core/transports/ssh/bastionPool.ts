import type { Client } from 'ssh2';
import type { Disposable } from '../../../../shared/base/disposable.ts';
import { fail, ok, type Result } from '../../../../shared/base/result.ts';
import type { ConnectFailure } from '../transport.ts';
import { createGate, type Gate } from './gate.ts';

/** One user's hold on a shared connection to a jump host. */
export interface BastionLease extends Disposable {
  readonly client: Client;
  /**
   * Waits for one of the places for handshakes through this jump host; `undefined` when the signal was faster. The
   * place is to be given back when the handshake is over, or waits for a person.
   */
  handshake(signal: AbortSignal): Promise<Disposable | undefined>;
}

/** sshd refuses at random from ten logins in progress on (MaxStartups 10:30:100), and each costs the jump host work. */
const MOST_HANDSHAKES = 10;

/**
 * Connections to jump hosts, one for all who go the same way: twenty hosts behind one bastion log in there once,
 * and its second factor is asked once. A connection ends with its last user.
 */
export interface BastionPool {
  lease(
    key: string,
    signal: AbortSignal,
    connect: (signal: AbortSignal) => Promise<Result<{ client: Client } & Disposable, ConnectFailure>>,
  ): Promise<Result<BastionLease, ConnectFailure>>;
}

interface Shared {
  users: number;
  handshakes: Gate;
  abort: AbortController;
  connected: Promise<Result<{ client: Client } & Disposable, ConnectFailure>>;
}

export function createBastionPool(): BastionPool {
  const pool = new Map<string, Shared>();

  function leave(key: string, shared: Shared): void {
    if (--shared.users > 0) return;
    if (pool.get(key) === shared) pool.delete(key);
    shared.abort.abort();
    void shared.connected.then((result) => {
      if (!result.ok) return;
      result.value.client.on('error', () => {});
      result.value.client.end();
      result.value.client.destroy();
      result.value.dispose();
    });
  }

  return {
    async lease(key, signal, connect) {
      let shared = pool.get(key);
      if (!shared) {
        const abort = new AbortController();
        const made: Shared = {
          users: 0,
          handshakes: createGate(MOST_HANDSHAKES),
          abort,
          connected: connect(abort.signal),
        };
        shared = made;
        pool.set(key, made);
        void made.connected.then((result) => {
          const forget = () => {
            if (pool.get(key) === made) pool.delete(key);
          };
          if (!result.ok) forget();
          else {
            result.value.client.on('error', () => {});
            result.value.client.on('close', forget);
          }
        });
      }
      const own = shared;
      own.users++;
      let left = false;
      const dispose = () => {
        if (left) return;
        left = true;
        signal.removeEventListener('abort', dispose);
        leave(key, own);
      };
      const cancelled: ConnectFailure = { kind: 'retry', reason: 'cancelled', advice: '' };
      const aborted = new Promise<Result<never, ConnectFailure>>((resolve) => {
        if (signal.aborted) resolve(fail(cancelled));
        else signal.addEventListener('abort', () => resolve(fail(cancelled)), { once: true });
      });
      const result = await Promise.race([own.connected, aborted]);
      if (!result.ok) {
        dispose();
        return result;
      }
      return ok({
        client: result.value.client,
        handshake: (waitSignal) => own.handshakes.enter(waitSignal),
        dispose,
      });
    },
  };
}
