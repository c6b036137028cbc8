import type { Clock } from '../../../../shared/base/clock.ts';
import type { HostId } from '../../../../shared/model/host.ts';
import type { Prompter } from '../../sessions/prompter.ts';
import type { AwsCredentials } from './awsAccess.ts';

/** What a profile of single sign-on says: docs.aws.amazon.com/sdkref/latest/guide/feature-sso-credentials.html. */
export interface SignOnProfile {
  startUrl: string;
  region: string;
  accountId: string;
  roleName: string;
}

interface Token {
  accessToken: string;
  /** Epoch ms. */
  expiresAt: number;
}

/** The signed-on token of a start page, in memory only, and the credentials that it gives. */
export interface SingleSignOn {
  /** Signs on in the user's browser where there is no token that holds. Throws in words for people. */
  credentials(profile: SignOnProfile, who: { host: HostId; name: string }): Promise<AwsCredentials>;
}

const REQUEST_MS = 15_000;
/** RFC 8628, section 3.5. */
const SLOW_DOWN_MS = 5_000;

/**
 * The OAuth 2.0 device authorization grant (RFC 8628) as AWS speaks it: SSO-OIDC's RegisterClient,
 * StartDeviceAuthorization and CreateToken, then the portal's GetRoleCredentials. The person confirms the code that
 * both show, in a browser of this machine or of any other.
 */
export function createSingleSignOn({ prompter, clock }: { prompter: Prompter; clock: Clock }): SingleSignOn {
  const tokens = new Map<string, Promise<Token>>();

  async function tokenFor(profile: SignOnProfile, who: { host: HostId; name: string }): Promise<Token> {
    const held = await tokens.get(profile.startUrl)?.catch(() => undefined);
    if (held && held.expiresAt - clock.now() > 60_000) return held;
    const signing = signOn(profile, who);
    tokens.set(profile.startUrl, signing);
    signing.catch(() => {
      if (tokens.get(profile.startUrl) === signing) tokens.delete(profile.startUrl);
    });
    return await signing;
  }

  async function signOn(
    { startUrl, region }: SignOnProfile,
    { host, name }: { host: HostId; name: string },
  ): Promise<Token> {
    const oidc = endpointOf('AWS_ENDPOINT_URL_SSO_OIDC', `https://oidc.${region}.amazonaws.com`);
    const client = await post(`${oidc}/client/register`, { clientName: 'Fireline', clientType: 'public' });
    const { clientId, clientSecret } = client;
    const device = await post(`${oidc}/device_authorization`, { clientId, clientSecret, startUrl });
    const url = String(device['verificationUriComplete'] ?? device['verificationUri'] ?? '');
    if (!/^https:\/\//.test(url) && !/^http:\/\/127\.0\.0\.1[:/]/.test(url))
      throw new Error('the sign-on service named no https address to sign in at');
    const until = clock.now() + Number(device['expiresIn'] ?? 600) * 1000;
    const answered = new AbortController();
    let cancelled = false;
    void prompter
      .ask(
        {
          kind: 'browserSignIn',
          host,
          hop: `AWS profile ${name}`,
          url,
          userCode: String(device['userCode'] ?? ''),
          expiresAt: until,
        },
        answered.signal,
      )
      .then((answer) => {
        // Once the browser is done the question is withdrawn, which is no cancelling.
        if (answer === null && !answered.signal.aborted) cancelled = true;
      });
    let interval = Math.max(1, Number(device['interval'] ?? 5)) * 1000;
    try {
      while (clock.now() < until) {
        await new Promise<void>((resolve) => clock.after(interval, resolve));
        if (cancelled) throw new Error('the sign-in was cancelled');
        const answer = await post(`${oidc}/token`, {
          clientId,
          clientSecret,
          deviceCode: device['deviceCode'],
          grantType: 'urn:ietf:params:oauth:grant-type:device_code',
        });
        if (typeof answer['accessToken'] === 'string')
          return {
            accessToken: answer['accessToken'],
            expiresAt: clock.now() + Number(answer['expiresIn'] ?? 0) * 1000,
          };
        if (answer['error'] === 'slow_down') interval += SLOW_DOWN_MS;
        else if (answer['error'] !== 'authorization_pending')
          throw new Error(
            `the sign-in was refused: ${String(answer['error_description'] ?? answer['error'])}`,
          );
      }
      throw new Error('nobody signed in before the code ran out');
    } finally {
      answered.abort();
    }
  }

  return {
    async credentials(profile, who) {
      const { accessToken } = await tokenFor(profile, who);
      const portal = endpointOf('AWS_ENDPOINT_URL_SSO', `https://portal.sso.${profile.region}.amazonaws.com`);
      const query = new URLSearchParams({ role_name: profile.roleName, account_id: profile.accountId });
      const response = await fetch(`${portal}/federation/credentials?${query}`, {
        headers: { 'x-amz-sso_bearer_token': accessToken },
        signal: AbortSignal.timeout(REQUEST_MS),
      });
      const answer = (await response.json()) as {
        roleCredentials?: {
          accessKeyId: string;
          secretAccessKey: string;
          sessionToken: string;
          expiration: number;
        };
        message?: string;
      };
      if (response.status === 401) tokens.delete(profile.startUrl);
      const role = answer.roleCredentials;
      if (!response.ok || !role)
        throw new Error(
          `single sign-on gave no credentials for the role ${profile.roleName}: ${answer.message ?? response.status}`,
        );
      return {
        accessKeyId: role.accessKeyId,
        secretAccessKey: role.secretAccessKey,
        sessionToken: role.sessionToken,
        expiration: new Date(role.expiration),
      };
    },
  };
}

/** The SDK's own settings for these services. */
function endpointOf(setting: string, usual: string): string {
  return (process.env[setting] ?? usual).replace(/\/$/, '');
}

/** Refusals of the grant are answers (RFC 8628, section 3.5); what is none is thrown. */
async function post(url: string, body: object): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(REQUEST_MS),
  });
  const answer = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  if (!response.ok && typeof answer['error'] !== 'string')
    throw new Error(`${new URL(url).host} answered ${response.status}`);
  return answer;
}
