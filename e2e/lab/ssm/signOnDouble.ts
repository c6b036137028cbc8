import { randomBytes } from 'node:crypto';
import type { DoubleAccount } from './doubleAccount.ts';

export interface SignOnAnswer {
  status: number;
  body: object;
}

/** SSO-OIDC's device grant and the portal's GetRoleCredentials, as far as a client sees them. Undefined: not theirs. */
export function answerSignOn(
  account: DoubleAccount,
  request: {
    method: string;
    path: string;
    query: URLSearchParams;
    headers: Record<string, unknown>;
    body: string;
  },
): SignOnAnswer | undefined {
  const { signOn } = account;
  if (!signOn) return undefined;
  const input = (request.body === '' ? {} : JSON.parse(request.body)) as Record<string, unknown>;
  switch (`${request.method} ${request.path}`) {
    case 'POST /client/register':
      return { status: 200, body: { clientId: 'client', clientSecret: 'secret', clientSecretExpiresAt: 0 } };
    case 'POST /device_authorization':
      if (input['startUrl'] !== signOn.startUrl)
        return { status: 400, body: { error: 'invalid_request', error_description: 'unknown start URL' } };
      return {
        status: 200,
        body: {
          deviceCode: 'device',
          userCode: signOn.userCode,
          verificationUri: 'https://device.sso.eu-west-1.amazonaws.com/',
          verificationUriComplete: `https://device.sso.eu-west-1.amazonaws.com/?user_code=${signOn.userCode}`,
          expiresIn: 600,
          interval: 1,
        },
      };
    case 'POST /token':
      if (
        input['grantType'] !== 'urn:ietf:params:oauth:grant-type:device_code' ||
        input['deviceCode'] !== 'device'
      )
        return { status: 400, body: { error: 'invalid_grant' } };
      if (signOn.denied)
        return { status: 400, body: { error: 'access_denied', error_description: 'denied by user' } };
      if (!signOn.approved) return { status: 400, body: { error: 'authorization_pending' } };
      return { status: 200, body: { accessToken: 'token', tokenType: 'Bearer', expiresIn: 28_800 } };
    case 'GET /federation/credentials': {
      if (request.headers['x-amz-sso_bearer_token'] !== 'token')
        return { status: 401, body: { message: 'Session token not found or invalid' } };
      const accessKeyId = `ASIA${randomBytes(8).toString('hex').toUpperCase()}`;
      const secretAccessKey = randomBytes(30).toString('base64');
      const sessionToken = randomBytes(96).toString('base64');
      const expiration = Date.now() + signOn.roleMs;
      const role = request.query.get('role_name') ?? '';
      account.keys.set(accessKeyId, {
        secretAccessKey,
        sessionToken,
        expiresAt: expiration,
        arn: `arn:aws:sts::${account.accountId}:assumed-role/${role}/oncall`,
      });
      return {
        status: 200,
        body: { roleCredentials: { accessKeyId, secretAccessKey, sessionToken, expiration } },
      };
    }
    default:
      return undefined;
  }
}
