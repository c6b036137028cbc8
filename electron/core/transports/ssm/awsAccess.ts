import type { EC2Client } from '@aws-sdk/client-ec2';
import type { ECSClient } from '@aws-sdk/client-ecs';
import type { KMSClient } from '@aws-sdk/client-kms';
import type { SSMClient } from '@aws-sdk/client-ssm';
import type { Clock } from '../../../../shared/base/clock.ts';
import { type Disposable, toDisposable } from '../../../../shared/base/disposable.ts';
import type { HostId } from '../../../../shared/model/host.ts';
import type { AwsPlace } from '../../../../shared/model/workspace.ts';
import type { Prompter } from '../../sessions/prompter.ts';
import { createSingleSignOn, type SignOnProfile } from './singleSignOn.ts';

/** Key, secret and, where they are temporary, token and expiry: the SDK's own type. */
export type AwsCredentials = Awaited<ReturnType<SSMClient['config']['credentials']>>;

/** The credentials and the clients of one profile in one region. Nothing of them is stored. */
export interface AwsAccess {
  /** Throws where none is configured. */
  region(): Promise<string>;
  /** Renewed five minutes ahead of their expiry, as AWS's own clients do. Whoever is asked for a code is asked once. */
  credentials(): Promise<AwsCredentials>;
  /** The service calls them expired, whatever they say of themselves: the next call gets new ones. */
  forgetCredentials(): void;
  /**
   * While a session stands: credentials that run out are renewed five minutes ahead, and whoever must be asked is
   * asked then, with the time they run out, and not at the moment a broken session has to be resumed.
   */
  use(): Disposable;
  ssm(): Promise<SSMClient>;
  ecs(): Promise<ECSClient>;
  ec2(): Promise<EC2Client>;
  kms(): Promise<KMSClient>;
  /**
   * Whether the service's last call went to loopback: only where the SDK's own settings (AWS_ENDPOINT_URL_SSM, the
   * profile's endpoint_url …) say so. Then a stream may be there too.
   */
  onLoopback(service: 'ssm' | 'ecs'): boolean;
}

export interface AwsAccessOptions {
  place: AwsPlace;
  /** For whom a question is asked. */
  host: HostId;
  prompter: Prompter;
  clock: Clock;
}

const RENEW_AHEAD_MS = 5 * 60_000;

/** The SDK is loaded by the first call: who opens no AWS host does not pay for it. */
export function createAwsAccess({ place, host, prompter, clock }: AwsAccessOptions): AwsAccess {
  const clients = new Map<string, Promise<unknown>>();
  const signOn = createSingleSignOn({ prompter, clock });
  const spokenTo = new Map<string, string>();
  let held: Promise<AwsCredentials> | undefined;
  let users = 0;
  let renewal: Disposable | undefined;
  /** Of the credentials that are renewed while they are in use. */
  let runsOutAt: number | undefined;

  /** Someone who did not answer is asked again by the next call that needs it, and not before. */
  function renewAhead(expiresAt: number): void {
    renewal?.dispose();
    const inMs = expiresAt - RENEW_AHEAD_MS - clock.now();
    if (users === 0 || inMs <= 0) return;
    renewal = clock.after(inMs, () => {
      runsOutAt = expiresAt;
      credentials()
        .catch(() => {})
        .finally(() => {
          runsOutAt = undefined;
        });
    });
  }

  const runsOut = () =>
    runsOutAt === undefined
      ? ''
      : `The credentials in use run out at ${new Date(runsOutAt).toISOString().slice(11, 16)} UTC; what is open stays open. `;

  async function load(): Promise<AwsCredentials> {
    await requireProfile(place.profile ?? process.env['AWS_PROFILE']);
    const signOnProfile = await signOnProfileOf(place.profile ?? process.env['AWS_PROFILE'] ?? 'default');
    const { fromNodeProviderChain } = await import('@aws-sdk/credential-providers');
    const provider = fromNodeProviderChain({
      ...(place.profile === undefined ? {} : { profile: place.profile }),
      ...(place.region === undefined ? {} : { clientConfig: { region: place.region } }),
      mfaCodeProvider: async (serial) => {
        const answer = await prompter.ask(
          {
            kind: 'keyboardInteractive',
            host,
            hop: place.profile === undefined ? 'AWS' : `AWS profile ${place.profile}`,
            name: 'Code of the second factor',
            instructions: `${runsOut()}The role of this profile asks for the code that ${serial} shows now.`,
            questions: [{ text: 'Code', echo: true }],
          },
          new AbortController().signal,
        );
        const code = answer?.[0]?.trim();
        if (!code) throw new Error('no code of the second factor was given');
        return code;
      },
    });
    if (!signOnProfile) return await provider();
    try {
      // A token that the AWS CLI got, and that holds.
      return await provider();
    } catch {
      return await signOn.credentials(signOnProfile, { host, name: place.profile ?? 'default' });
    }
  }

  async function credentials(): Promise<AwsCredentials> {
    const current = held && (await held.catch(() => undefined));
    const expiresAt = current?.expiration?.getTime() ?? Number.POSITIVE_INFINITY;
    if (!current || expiresAt - clock.now() <= RENEW_AHEAD_MS) {
      // Those who come while it is renewed wait for the same answer.
      const renewed = load();
      held = renewed;
      renewed.then(
        ({ expiration }) => expiration && renewAhead(expiration.getTime()),
        () => {
          if (held === renewed) held = undefined;
        },
      );
      return await renewed;
    }
    return current;
  }

  const settings = {
    ...(place.region === undefined ? {} : { region: place.region }),
    ...(place.profile === undefined ? {} : { profile: place.profile }),
    credentials,
  };

  function once<Client>(name: string, make: () => Promise<Client>): Promise<Client> {
    const known = clients.get(name) as Promise<Client> | undefined;
    if (known) return known;
    const client = make();
    clients.set(name, client);
    client.catch(() => clients.delete(name));
    return client;
  }

  /** Where a call goes, of the SDK's own reckoning. */
  function note(service: string, request: unknown): void {
    const { hostname } = request as { hostname?: unknown };
    if (typeof hostname === 'string') spokenTo.set(service, hostname);
  }

  const ssm = () =>
    once('ssm', async () => {
      const client = new (await import('@aws-sdk/client-ssm')).SSMClient(settings);
      client.middlewareStack.add(
        (next) => (args) => {
          note('ssm', args.request);
          return next(args);
        },
        { step: 'finalizeRequest' },
      );
      return client;
    });
  const ecs = () =>
    once('ecs', async () => {
      const client = new (await import('@aws-sdk/client-ecs')).ECSClient(settings);
      client.middlewareStack.add(
        (next) => (args) => {
          note('ecs', args.request);
          return next(args);
        },
        { step: 'finalizeRequest' },
      );
      return client;
    });

  return {
    credentials,
    forgetCredentials() {
      held = undefined;
      // A client keeps what it was given until that says that it expires.
      clients.clear();
    },
    use() {
      users++;
      held?.then(
        ({ expiration }) => expiration && renewAhead(expiration.getTime()),
        () => {},
      );
      return toDisposable(() => {
        if (--users > 0) return;
        renewal?.dispose();
        renewal = undefined;
      });
    },
    ssm,
    ecs,
    ec2: () => once('ec2', async () => new (await import('@aws-sdk/client-ec2')).EC2Client(settings)),
    kms: () => once('kms', async () => new (await import('@aws-sdk/client-kms')).KMSClient(settings)),
    region: async () => await (await ssm()).config.region(),
    onLoopback: (service) => LOOPBACK.test(spokenTo.get(service) ?? ''),
  };
}

const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|localhost|\[?::1\]?)$/;

/** Undefined where the profile is not one of single sign-on, or says too little. */
async function signOnProfileOf(name: string): Promise<SignOnProfile | undefined> {
  const { loadSharedConfigFiles, loadSsoSessionData } = await import('@smithy/shared-ini-file-loader');
  const { configFile, credentialsFile } = await loadSharedConfigFiles({ ignoreCache: true });
  const profile = { ...configFile[name], ...credentialsFile[name] };
  const named = profile['sso_session'];
  const session = named === undefined ? undefined : (await loadSsoSessionData())[named];
  const startUrl = session?.['sso_start_url'] ?? profile['sso_start_url'];
  const region = session?.['sso_region'] ?? profile['sso_region'];
  const { sso_account_id: accountId, sso_role_name: roleName } = profile;
  if (!startUrl || !region || !accountId || !roleName) return undefined;
  return { startUrl, region, accountId, roleName };
}

/** The SDK's chain passes over a profile that is not there, and ends with words that do not name it. */
async function requireProfile(name: string | undefined): Promise<void> {
  if (name === undefined) return;
  const { loadSharedConfigFiles } = await import('@smithy/shared-ini-file-loader');
  const { configFile, credentialsFile } = await loadSharedConfigFiles({ ignoreCache: true });
  if (configFile[name] || credentialsFile[name]) return;
  throw Object.assign(new Error(`there is no profile ${name} on this machine`), { name: 'ProfileMissing' });
}

/**
 * Hosts of one profile and region share their credentials, so that one code serves them all. They live as long as
 * the one who is asked.
 */
const shared = new WeakMap<Prompter, Map<string, AwsAccess>>();

export function sharedAwsAccess(options: AwsAccessOptions): AwsAccess {
  const known = shared.get(options.prompter) ?? new Map<string, AwsAccess>();
  shared.set(options.prompter, known);
  const key = JSON.stringify([options.place.profile, options.place.region]);
  const access = known.get(key) ?? createAwsAccess(options);
  known.set(key, access);
  return access;
}
