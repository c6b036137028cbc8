import ssh2, {
  type AnyAuthMethod,
  type AuthenticationType,
  type AuthHandlerMiddleware,
  type IdentityCallback,
  type ParsedKey,
  type SignCallback,
  type SigningRequestOptions,
} from 'ssh2';
import type { Clock } from '../../../../shared/base/clock.ts';
import type { PromptAnswer } from '../../../../shared/model/prompt.ts';
import type { Question } from '../../sessions/prompter.ts';
import type { KeyRing } from './keyRing.ts';
import type { SshTarget } from './sshTarget.ts';

export interface AuthenticationOptions {
  target: SshTarget;
  keyRing: KeyRing;
  /** Socket of the agent that holds keys, if any. */
  agentSocket: string | undefined;
  /** Asks a person; `null` when nobody answers. Stops the clocks of the connection meanwhile. */
  ask(question: DistributedOmit<Question, 'host' | 'hop'>): Promise<PromptAnswer>;
  /** Ends the connection. */
  abandon(): void;
  interactive: boolean;
  clock: Clock;
}

type DistributedOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** What was tried and what stood in the way, for the words of a failure. */
export interface AuthenticationStory {
  readonly tried: readonly string[];
  /** What a person would have been asked, where nobody can answer. */
  readonly unasked: readonly string[];
  readonly notes: readonly string[];
  readonly cancelled: boolean;
  /** What the server would still take when it said no. */
  readonly methodsLeft: readonly string[];
}

/**
 * ssh's order: none (to learn the methods), agent, key files, keyboard-interactive, password. A key that needs a
 * passphrase is offered by its public half first, so that nobody is asked for one that the server would not take.
 */
export function createAuthentication(options: AuthenticationOptions): {
  handler: AuthHandlerMiddleware;
  story: AuthenticationStory;
} {
  const { target } = options;
  const username = target.user;
  const story = {
    tried: [] as string[],
    unasked: [] as string[],
    notes: [] as string[],
    cancelled: false,
    methodsLeft: [] as string[],
  };
  let offered: 'nothing' | 'none' | 'open keys' | 'locked keys' = 'nothing';
  let interactiveTries = 0;
  let passwordTries = 0;
  const keys = createIdentities(options, story);

  async function next(left: readonly string[] | null): Promise<AnyAuthMethod | false> {
    if (offered === 'nothing') {
      offered = 'none';
      return { type: 'none', username };
    }
    const methods = left ?? [];
    story.methodsLeft = [...methods];
    if (story.cancelled) return false;
    for (const way of target.authentications) {
      if (!methods.includes(way)) continue;
      const method =
        way === 'publickey'
          ? await nextKeys()
          : way === 'password'
            ? await nextPassword()
            : nextInteractive();
      if (method) return method;
      if (story.cancelled) return false;
    }
    return false;
  }

  async function nextKeys(): Promise<AnyAuthMethod | undefined> {
    if (offered === 'none') {
      offered = 'open keys';
      const agent = await keys.open();
      if (agent) return { type: 'agent', username, agent };
    }
    if (offered === 'open keys') {
      offered = 'locked keys';
      const agent = await keys.locked();
      if (agent) return { type: 'agent', username, agent };
    }
    return undefined;
  }

  function nextInteractive(): AnyAuthMethod | undefined {
    if (interactiveTries >= target.passwordPrompts) return undefined;
    if (!options.interactive) {
      story.unasked.push('the questions of keyboard-interactive (a password or a one-time code)');
      return undefined;
    }
    interactiveTries++;
    story.tried.push('keyboard-interactive');
    return { type: 'keyboard-interactive', username, prompt: answerInteractive };
  }

  async function nextPassword(): Promise<AnyAuthMethod | undefined> {
    if (passwordTries >= target.passwordPrompts) return undefined;
    if (!options.interactive) {
      story.unasked.push(`the password of ${username}`);
      return undefined;
    }
    passwordTries++;
    const answer = await options.ask({ kind: 'password', user: username, retry: passwordTries > 1 });
    const password = answer?.[0];
    if (password === undefined) {
      story.cancelled = true;
      return undefined;
    }
    story.tried.push('password');
    return { type: 'password', username, password };
  }

  const answerInteractive = (
    name: string,
    instructions: string,
    _language: string,
    prompts: { prompt: string; echo?: boolean }[],
    finish: (answers: string[]) => void,
  ): void => {
    const questions = prompts.map(({ prompt, echo }) => ({ text: prompt, echo: echo === true }));
    void options.ask({ kind: 'keyboardInteractive', name, instructions, questions }).then((answer) => {
      if (answer) return finish(prompts.map((_, index) => answer[index] ?? ''));
      // An empty answer would count there as a failed login, and lock accounts.
      story.cancelled = true;
      options.abandon();
    });
  };

  return {
    story,
    handler: (left: AuthenticationType[] | null, partialSuccess: boolean | null, done) => {
      if (partialSuccess) {
        // A second factor begins: its tries are its own.
        interactiveTries = 0;
        passwordTries = 0;
      }
      void next(left).then(
        (method) => done(method as AnyAuthMethod),
        (error: unknown) => {
          story.notes.push(error instanceof Error ? error.message : String(error));
          done(false as unknown as AnyAuthMethod);
        },
      );
    },
  };
}

interface Identity {
  key: ParsedKey;
  label: string;
  sign(data: Buffer, options: SigningRequestOptions): Promise<Buffer>;
}

/** Every public key goes through one agent of ours, so that its secret is wanted only when the server says yes. */
class IdentityAgent extends ssh2.BaseAgent<ParsedKey> {
  #identities: readonly Identity[];

  constructor(identities: readonly Identity[]) {
    super();
    this.#identities = identities;
  }

  override getIdentities(done: IdentityCallback<ParsedKey>): void {
    done(
      null,
      this.#identities.map((identity) => identity.key),
    );
  }

  override sign(
    publicKey: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    callback?: SignCallback,
  ): void {
    const done = typeof options === 'function' ? options : callback;
    const identity = this.#identities.find(({ key }) => key.getPublicSSH().equals(publicKey.getPublicSSH()));
    if (!identity) {
      done?.(new Error('no such key'));
      return;
    }
    identity.sign(data, typeof options === 'function' ? {} : options).then(
      (signature) => done?.(null, signature),
      (error: unknown) => done?.(error instanceof Error ? error : new Error(String(error))),
    );
  }
}

function createIdentities(
  options: AuthenticationOptions,
  story: { tried: string[]; unasked: string[]; notes: string[] },
) {
  const { target, keyRing } = options;
  const lockedPaths: string[] = [];

  const askFor = (path: string) => async (retry: boolean) => {
    if (!options.interactive) {
      story.unasked.push(`the passphrase of ${path}`);
      return null;
    }
    return (await options.ask({ kind: 'passphrase', keyPath: path, retry }))?.[0] ?? null;
  };

  /** An RSA key is offered under newer names than its type. */
  const isAccepted = (type: string) =>
    target.publicKeyAlgorithms.some(
      (algorithm) => algorithm === type || (type === 'ssh-rsa' && algorithm.startsWith('rsa-sha2-')),
    );

  const fromFile = (path: string, key: ParsedKey): Identity => ({
    key,
    label: path,
    async sign(data, { hash }) {
      const secret = await keyRing.privateKey(path, askFor(path));
      if (!secret) throw new Error(`${path} was not unlocked`);
      const signature: unknown = secret.sign(data, hash);
      if (!Buffer.isBuffer(signature)) throw new Error(`${path} cannot sign`);
      return signature;
    },
  });

  return {
    /** Keys whose public half is known, those of the agent first; `undefined` when there are none. */
    async open(): Promise<IdentityAgent | undefined> {
      const held =
        options.agentSocket === undefined
          ? []
          : await readAgent(options.agentSocket, story.notes, options.clock);
      const files: { path: string; key: ParsedKey }[] = [];
      for (const path of target.identityFiles) {
        const found = keyRing.publicKey(path);
        if (found === 'locked') lockedPaths.push(path);
        else if (found === 'absent') {
          if (target.identityFilesNamed) story.notes.push(`${path} does not exist`);
        } else if ('unusable' in found) story.notes.push(found.unusable);
        else files.push({ path, key: found });
      }
      const same = (a: ParsedKey, b: ParsedKey) => a.getPublicSSH().equals(b.getPublicSSH());
      // As ssh: the agent's copies of named keys, then its others unless IdentitiesOnly, then the files.
      const named = held.filter((identity) => files.some((file) => same(file.key, identity.key)));
      const others = target.identitiesOnly ? [] : held.filter((identity) => !named.includes(identity));
      const remaining = files
        .filter((file) => !held.some((identity) => same(file.key, identity.key)))
        .map((file) => fromFile(file.path, file.key));
      const identities = [...named, ...others, ...remaining].filter(({ key }) => isAccepted(key.type));
      story.tried.push(...identities.map((identity) => identity.label));
      return identities.length > 0 ? new IdentityAgent(identities) : undefined;
    },
    /** Keys that show nothing without their passphrase. */
    async locked(): Promise<IdentityAgent | undefined> {
      const identities: Identity[] = [];
      for (const path of lockedPaths) {
        const key = await keyRing.privateKey(path, askFor(path));
        if (key) identities.push(fromFile(path, key));
      }
      story.tried.push(...identities.map((identity) => identity.label));
      return identities.length > 0 ? new IdentityAgent(identities) : undefined;
    },
  };
}

/** An agent lists its keys at once; one that hangs must not pass for a host that does. */
const AGENT_TIMEOUT_MS = 5_000;

function readAgent(socket: string, notes: string[], clock: Clock): Promise<Identity[]> {
  const agent = new ssh2.OpenSSHAgent(socket);
  return new Promise((resolve) => {
    const timer = clock.after(AGENT_TIMEOUT_MS, () => {
      notes.push(`the agent at ${socket} did not answer within ${AGENT_TIMEOUT_MS / 1_000} s`);
      resolve([]);
    });
    agent.getIdentities((error, keys) => {
      timer.dispose();
      if (error || !keys) {
        notes.push(`the agent at ${socket} did not answer`);
        resolve([]);
        return;
      }
      const identities: Identity[] = [];
      for (const entry of keys as (ParsedKey | { pubKey: ParsedKey | Buffer | string; comment?: string })[]) {
        const parsed: unknown = 'pubKey' in entry ? ssh2.utils.parseKey(entry.pubKey) : entry;
        if (parsed instanceof Error) continue;
        const key = parsed as ParsedKey;
        identities.push({
          key,
          label: `${key.comment || key.type} (agent)`,
          sign: (data, options) =>
            new Promise((done, fail) => {
              agent.sign(key, data, options, (failure, signature) => {
                if (failure || !signature) fail(failure ?? new Error('the agent gave no signature'));
                else done(signature);
              });
            }),
        });
      }
      resolve(identities);
    });
  });
}
