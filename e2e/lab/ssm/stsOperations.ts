import { randomBytes } from 'node:crypto';
import { type Operations, optionalTextOf, ServiceError, textOf } from './doubleCall.ts';

/** Security Token Service, query protocol. */
export const stsOperations: Operations = {
  GetCallerIdentity(call) {
    return { Arn: call.arn, UserId: 'AIDAFIRELINEDOUBLE00', Account: call.account.accountId };
  },

  AssumeRole(call) {
    const arn = textOf(call, 'RoleArn');
    const role = call.account.roles.find((r) => r.arn === arn);
    const refusal = new ServiceError(
      'AccessDenied',
      `User: ${call.arn} is not authorized to perform: sts:AssumeRole on resource: ${arn}`,
      403,
    );
    if (!role) throw refusal;
    if (role.mfaSerial !== undefined) {
      const code = optionalTextOf(call, 'TokenCode');
      if (code === undefined || optionalTextOf(call, 'SerialNumber') !== role.mfaSerial) throw refusal;
      if (code !== role.mfaCode)
        throw new ServiceError(
          'AccessDenied',
          'MultiFactorAuthentication failed with invalid MFA one time pass code.',
          403,
        );
    }
    const name = optionalTextOf(call, 'RoleSessionName') ?? 'session';
    const accessKeyId = `ASIA${randomBytes(8).toString('hex').toUpperCase()}`;
    const secretAccessKey = randomBytes(30).toString('base64');
    const sessionToken = randomBytes(96).toString('base64');
    const expiresAt = call.now + role.durationMs;
    const assumed = `${arn.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/${name}`;
    call.account.keys.set(accessKeyId, { secretAccessKey, sessionToken, expiresAt, arn: assumed });
    return {
      AssumedRoleUser: { Arn: assumed, AssumedRoleId: `AROAFIRELINEDOUBLE00:${name}` },
      Credentials: {
        AccessKeyId: accessKeyId,
        SecretAccessKey: secretAccessKey,
        SessionToken: sessionToken,
        Expiration: new Date(expiresAt).toISOString(),
      },
    };
  },
};
