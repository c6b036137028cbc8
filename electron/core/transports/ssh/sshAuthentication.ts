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
  /** Of these, what the server took, and was not enough for it. */
  readonly accepted: readonly string[];
  /** What a person would have been asked, where nobody can answer. */
  readonly unasked: readonly string[];
  readonly notes: readonly string[];
  readonly cancelled: boolean;
  /** Whether a person had a part in it: the latest question waits, or was answered. */
  readonly person: 'not asked' | 'asked' | 'answered';
  /** What the server would still take when it said no. */
  readonly methodsLeft: readonly string[];
}

/**
 * ssh's order: none (to learn the methods), agent, key files, keyboard-interactive, password. A key that needs a
 * passphrase is offered by its public half first, so that nobody is asked for one that the server would not take.
 */
export function createAuthentication(settings: AuthenticationOptions): {
  handler: AuthHandlerMiddleware;
  /** The server does not let us in: yet, if `partial`. To be told before the handler is asked. */
  refused(methods: readonly string[], partial: boolean): void;
  story: AuthenticationStory;
} {
  const { target } = settings;
  const username = target.user;
  const story = {
    tried: [] as string[],
    accepted: [] as string[],
    unasked: [] as string[],
    notes: [] as string[],
    cancelled: false,
    person: 'not asked' as AuthenticationStory['person'],
    methodsLeft: [] as string[],
  };
  const options: AuthenticationOptions = {
    ...settings,
    async ask(question) {
      story.person = 'asked';
      const answer = await settings.ask(question);
      if (answer) story.person = 'answered';
      return answer;
    },
  };
  let begun = false;
  let interactiveTries = 0;
  let passwordTries = 0;
  const keys = createIdentities(options, story);

  async function next(): Promise<AnyAuthMethod | false> {
    if (!begun) {
      begun = true;
      return { type: 'none', username };
    }
    if (story.cancelled) return false;
    for (const way of target.authentications) {
      if (!story.methodsLeft.includes(way)) continue;
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

  /** One at a time: after a good one, the server may want something else than the next. */
  async function nextKeys(): Promise<AnyAuthMethod | undefined> {
    const identity = await keys.next();
    if (!identity) return undefined;
    story.tried.push(identity.label);
    return { type: 'agent', username, agent: new IdentityAgent(identity) };
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
    refused(methods, partial) {
      story.methodsLeft = [...methods];
      if (!partial) return;
      story.accepted.push(story.tried.at(-1) ?? 'none');
      // A further proof begins: its tries are its own.
      interactiveTries = 0;
      passwordTries = 0;
    },
    handler: (_left: AuthenticationType[] | null, _partial: boolean | null, done) => {
      void next().then(
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

/** A public key goes through an agent of ours, so that its secret is wanted only when the server says yes. */
class IdentityAgent extends ssh2.BaseAgent<ParsedKey> {
  #identity: Identity;

  constructor(identity: Identity) {
    super();
    this.#identity = identity;
  }

  override getIdentities(done: IdentityCallback<ParsedKey>): void {
    done(null, [this.#identity.key]);
  }

  override sign(
    _publicKey: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    callback?: SignCallback,
  ): void {
    const done = typeof options === 'function' ? options : callback;
    this.#identity.sign(data, typeof options === 'function' ? {} : options).then(
      (signature) => done?.(null, signature),
      (error: unknown) => done?.(error instanceof Error ? error : new Error(String(error))),
    );
  }
}

function createIdentities(options: AuthenticationOptions, story: { unasked: string[]; notes: string[] }) {
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

  /** Keys whose public half is known, those of the agent first. */
  async function readIdentities(): Promise<Identity[]> {
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
    return [...named, ...others, ...remaining].filter(({ key }) => isAccepted(key.type));
  }

  let identities: Identity[] | undefined;
  return {
    /** What is to be offered next; those that show nothing without their passphrase are the last. */
    async next(): Promise<Identity | undefined> {
      identities ??= await readIdentities();
      const identity = identities.shift();
      if (identity) return identity;
      for (let path = lockedPaths.shift(); path !== undefined; path = lockedPaths.shift()) {
        const key = await keyRing.privateKey(path, askFor(path));
        if (key) return fromFile(path, key);
      }
      return undefined;
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
      // A locked agent says so by an empty list.
      if (keys.length === 0) notes.push(`the agent at ${socket} holds no key, or is locked`);
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
