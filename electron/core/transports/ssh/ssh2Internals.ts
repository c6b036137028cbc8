import { createSecretKey, type KeyObject } from 'node:crypto';
import type { Client, ClientChannel } from 'ssh2';

/**
 * The few members of ssh2 1.17 (pinned in package.json) that have no public name. Everything that reaches inside
 * ssh2 is here, and is checked when it is used, so that another version fails plainly.
 */
interface ClientInside {
  _callbacks: ((failed: unknown) => void)[];
  _protocol: {
    ping(): void;
    channelWindowAdjust(channel: number, bytes: number): void;
    exec(channel: number, ...more: unknown[]): void;
    shell(channel: number, ...more: unknown[]): void;
    _handlers: { USERAUTH_FAILURE(protocol: unknown, methods: string[], partial: boolean): void };
    _cipher?: { _encKey?: Buffer | KeyObject };
    _decipher?: { _decipherKey?: Buffer | KeyObject };
  };
  _remoteVer: string | undefined;
  _chanMgr: { _channels: Record<string, ChannelInside> };
}

interface ChannelInside {
  incoming: { window: number };
  outgoing: { id: number; state: string };
  /** What is asked of the channel and not answered yet. */
  _callbacks: ((failed: unknown) => void)[];
  close(): void;
}

/**
 * Sends keepalive@openssh.com with a wish for a reply. Any reply, refusal included, is a round trip: replies to
 * global requests come in order (RFC 4254, 4), so the callback takes its place in ssh2's own queue.
 */
export function sendKeepalive(client: Client, onReply: (lost: boolean) => void): void {
  const inside = client as unknown as ClientInside;
  inside._callbacks.push((failed) => onReply(failed instanceof Error));
  inside._protocol.ping();
}

/**
 * ssh2 makes a cipher for each packet of AES-GCM, from the key's bytes; Node looks twice whether such bytes are a key
 * object, by an exception each: 60 µs a packet, where a key object takes 5 (measured on Node 24.21), and a flood is
 * packets of a few kilobytes. So the keys are made objects once they are agreed on, and again after each rekey.
 */
export function keepKeyObjects(client: Client): void {
  client.on('handshake', () => {
    const { _cipher, _decipher } = (client as unknown as ClientInside)._protocol;
    if (Buffer.isBuffer(_cipher?._encKey)) _cipher._encKey = createSecretKey(_cipher._encKey);
    if (Buffer.isBuffer(_decipher?._decipherKey))
      _decipher._decipherKey = createSecretKey(_decipher._decipherKey);
  });
}

/**
 * ssh2 forgets a channel whose command or shell the server refuses, and the server keeps it: a host that cannot fork
 * refuses each, and ten of them would use up the connection for good (MaxSessions). Here they are closed.
 */
export function closeRefusedChannels(client: Client): void {
  client.once('handshake', () => {
    const { _protocol: protocol, _chanMgr: channels } = client as unknown as ClientInside;
    for (const request of ['exec', 'shell'] as const) {
      const send = protocol[request].bind(protocol);
      protocol[request] = (id, ...more) => {
        const channel = Object.values(channels._channels).find((one) => one.outgoing?.id === id);
        const answered = channel?._callbacks.pop();
        if (!channel || !answered) throw new Error('this version of ssh2 keeps its requests elsewhere');
        channel._callbacks.push((failed) => {
          if (failed) channel.close();
          answered(failed);
        });
        send(id, ...more);
      };
    }
  });
}

/**
 * What the server says to each login that it does not let in: the methods that can go on, and whether this one was good
 * and is not enough. ssh2 tells its authHandler so of passwords and not of an agent's keys: after those it has the
 * answer to what came before them, so that a second factor would never be asked for.
 */
export function onLoginRefused(client: Client, told: (methods: string[], partial: boolean) => void): void {
  client.once('handshake', () => {
    const { _handlers: handlers } = (client as unknown as ClientInside)._protocol;
    const refused = handlers.USERAUTH_FAILURE;
    handlers.USERAUTH_FAILURE = (protocol, methods, partial) => {
      told(methods, partial);
      refused(protocol, methods, partial);
    };
  });
}

/** What the server calls itself; `undefined` until its banner has come. */
export const serverVersion = (client: Client): string | undefined =>
  (client as unknown as ClientInside)._remoteVer;

/** The window that ssh2 grants when it opens a channel, and grants again each time half of it is used. */
const SSH2_WINDOW_BYTES = 2 * 1024 * 1024;

/**
 * Takes the receive window of a channel out of ssh2's hands. ssh2 grants 2 MiB whatever we do and may hold 3 MiB
 * of a paused channel: at a terminal's 20 MB/s that is 150 ms between Ctrl-C and the prompt. Here the window is
 * `bytes`, granted again only for what was handed on. Call the returned function with each count handed on.
 */
export function ownReceiveWindow(
  client: Client,
  channel: ClientChannel,
  bytes: number,
): (count: number) => void {
  const { incoming, outgoing } = channel as unknown as ChannelInside;
  const protocol = (client as unknown as ClientInside)._protocol;
  if (typeof incoming?.window !== 'number' || typeof protocol?.channelWindowAdjust !== 'function') {
    throw new Error('this version of ssh2 keeps its windows elsewhere');
  }
  // ssh2 grants more when this falls to 1 MiB; now it never does.
  incoming.window = Number.MAX_SAFE_INTEGER;
  let granted = SSH2_WINDOW_BYTES;
  return (count) => {
    granted -= count;
    if (granted > bytes / 2 || (outgoing.state !== 'open' && outgoing.state !== 'eof')) return;
    const grant = bytes - granted;
    granted += grant;
    protocol.channelWindowAdjust(outgoing.id, grant);
  };
}
