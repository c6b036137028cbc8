import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import ssh2, { type IdentityCallback, type SignCallback, type SigningRequestOptions } from 'ssh2';

/**
 * The agent of this machine as a host may use it: each use is a connection of its own, and is counted. Logging in
 * does not go through here.
 */
export class ForwardedAgent extends ssh2.BaseAgent<string> {
  #socketPath: string;
  #onUse: () => void;

  constructor(socketPath: string, onUse: () => void) {
    super();
    this.#socketPath = socketPath;
    this.#onUse = onUse;
  }

  override getIdentities(done: IdentityCallback<string>): void {
    done(null, []);
  }

  override sign(
    _key: string,
    _data: Buffer,
    options: SigningRequestOptions | SignCallback,
    callback?: SignCallback,
  ): void {
    (typeof options === 'function' ? options : callback)?.(new Error('not for logging in'));
  }

  override getStream(done: (error?: Error | null, stream?: Duplex) => void): void {
    const socket = connect({ path: this.#socketPath });
    let told = false;
    socket.once('connect', () => {
      told = true;
      this.#onUse();
      done(null, socket);
    });
    // An agent that ends in the middle ends the use, and nothing else.
    socket.on('error', () => {
      socket.destroy();
      if (!told) done(new Error('the agent does not answer'));
      told = true;
    });
  }
}
