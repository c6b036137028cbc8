import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DoubleAccount } from './doubleAccount.ts';
import { type Call, type Operations, ServiceError } from './doubleCall.ts';
import { ec2Operations } from './ec2Operations.ts';
import { ecsOperations } from './ecsOperations.ts';
import { kmsOperations } from './kmsOperations.ts';
import { queryInput, toXml } from './queryProtocol.ts';
import type { SessionDoor } from './sessionDoor.ts';
import { checkSignature } from './signatureCheck.ts';
import { answerSignOn } from './signOnDouble.ts';
import { ssmOperations } from './ssmOperations.ts';
import { stsOperations } from './stsOperations.ts';

export interface ServiceDouble {
  /** `http://127.0.0.1:PORT`: what the SDK's AWS_ENDPOINT_URL settings are to name. */
  readonly endpoint: string;
  /** Those settings, and one user's keys: the environment in which a workbench talks to this double. */
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/**
 * The APIs that Fireline calls, on loopback: SSM, ECS and KMS by JSON 1.1, EC2 and STS by the query protocol. Every
 * request's signature is verified against the account's keys, with the region and the service it was signed for.
 */
export async function startServiceDouble(account: DoubleAccount, door: SessionDoor): Promise<ServiceDouble> {
  const services: Record<string, Operations> = {
    ssm: ssmOperations(door),
    ecs: ecsOperations(door),
    kms: kmsOperations,
    ec2: ec2Operations(door),
    sts: stsOperations,
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const signOn = answerSignOn(account, {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: body.toString(),
    });
    if (signOn) {
      response.writeHead(signOn.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(signOn.body));
      return;
    }
    const requestId = randomUUID();
    const now = Date.now();
    const query = request.headers['x-amz-target'] === undefined;
    const target = String(request.headers['x-amz-target'] ?? '');
    const form = query ? new URLSearchParams(body.toString()) : undefined;
    const service = form
      ? form.get('Version') === '2011-06-15'
        ? 'sts'
        : 'ec2'
      : (PREFIXES[target.split('.')[0] ?? ''] ?? '');
    const action = form ? (form.get('Action') ?? '') : (target.split('.')[1] ?? '');
    let accessKeyId: string | undefined;
    let input: Record<string, unknown> = {};
    try {
      const verdict = checkSignature(
        { method: request.method ?? '', url: request.url ?? '/', headers: request.headers, body },
        (id) => account.keys.get(id),
        now,
      );
      if (!verdict.ok) throw new ServiceError(verdict.code, verdict.message, form ? 403 : 400);
      accessKeyId = verdict.accessKeyId;
      if (verdict.service !== service || verdict.region !== account.region)
        throw new ServiceError(
          'InvalidSignatureException',
          `Credential should be scoped to a valid region and service, not '${verdict.region}' and '${verdict.service}'.`,
        );
      input = form ? queryInput(form) : (JSON.parse(body.toString() || '{}') as Record<string, unknown>);
      const arn = account.keys.get(verdict.accessKeyId)?.arn ?? '';
      const name = `${service}:${action}`;
      const waiting = account.throttled.get(name) ?? 0;
      if (waiting > 0) {
        account.throttled.set(name, waiting - 1);
        throw new ServiceError('ThrottlingException', 'Rate exceeded');
      }
      if (account.denied.has(name))
        throw new ServiceError(
          form ? 'UnauthorizedOperation' : 'AccessDeniedException',
          `User: ${arn} is not authorized to perform: ${name} because no identity-based policy allows the ${name} action`,
          form ? 403 : 400,
        );
      const operation = services[service]?.[action];
      if (!operation) throw new ServiceError('UnknownOperationException', `${name} is not doubled`);
      const call: Call = { account, arn, requestId, input, now };
      const result = await operation(call);
      account.calls.push({ service, action, input, accessKeyId, requestId });
      if (form) send(200, 'text/xml', toXml(service, action, result, requestId));
      else send(200, 'application/x-amz-json-1.1', JSON.stringify(result));
    } catch (error) {
      const refusal =
        error instanceof ServiceError
          ? error
          : new ServiceError(
              'InternalServerError',
              error instanceof Error ? error.message : String(error),
              500,
            );
      account.calls.push({
        service,
        action,
        input,
        requestId,
        refusal: refusal.code,
        ...(accessKeyId === undefined ? {} : { accessKeyId }),
      });
      if (form) send(refusal.status, 'text/xml', toXml(service, 'Error', refusal, requestId));
      else
        send(
          refusal.status,
          'application/x-amz-json-1.1',
          JSON.stringify({ __type: refusal.code, message: refusal.message, Message: refusal.message }),
        );
    }

    function send(status: number, type: string, text: string): void {
      response.writeHead(status, { 'content-type': type, 'x-amzn-requestid': requestId });
      response.end(text);
    }
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const [user] = account.keys;

  return {
    endpoint,
    environment: {
      ...Object.fromEntries(ENDPOINT_SETTINGS.map((name) => [name, endpoint])),
      AWS_REGION: account.region,
      ...(user ? { AWS_ACCESS_KEY_ID: user[0], AWS_SECRET_ACCESS_KEY: user[1].secretAccessKey } : {}),
      // Nothing of the machine's own user is to be read, nor an instance's metadata asked for.
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_EC2_METADATA_DISABLED: 'true',
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const PREFIXES: Record<string, string> = {
  AmazonSSM: 'ssm',
  AmazonEC2ContainerServiceV20141113: 'ecs',
  TrentService: 'kms',
};

const ENDPOINT_SETTINGS = [
  'AWS_ENDPOINT_URL_SSM',
  'AWS_ENDPOINT_URL_ECS',
  'AWS_ENDPOINT_URL_EC2',
  'AWS_ENDPOINT_URL_KMS',
  'AWS_ENDPOINT_URL_STS',
  'AWS_ENDPOINT_URL_SSO',
  'AWS_ENDPOINT_URL_SSO_OIDC',
];

const MOST_BYTES = 1024 * 1024;

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > MOST_BYTES) throw new Error('the request is larger than a service takes');
    parts.push(part);
  }
  return Buffer.concat(parts);
}
