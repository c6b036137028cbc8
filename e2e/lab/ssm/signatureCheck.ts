import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export interface SignedRequest {
  method: string;
  /** Path and query, as on the request line. */
  url: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: Uint8Array;
}

export interface SigningKey {
  secretAccessKey: string;
  /** Temporary credentials carry it; a request without it is refused. */
  sessionToken?: string;
  /** Epoch milliseconds after which the service says ExpiredToken. */
  expiresAt?: number;
}

export type SignatureVerdict =
  | { ok: true; accessKeyId: string; region: string; service: string }
  | { ok: false; code: string; message: string };

/** AWS allows a request's date to differ from its own clock by five minutes. */
const ALLOWED_SKEW_MS = 5 * 60_000;
const ALGORITHM = 'AWS4-HMAC-SHA256';

/**
 * Verifies a request's signature version 4 in its Authorization header, independently of the library that signs:
 * docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html.
 */
export function checkSignature(
  request: SignedRequest,
  keyOf: (accessKeyId: string) => SigningKey | undefined,
  now: number,
): SignatureVerdict {
  const authorization = headerOf(request, 'authorization');
  if (authorization === undefined)
    return refuse('MissingAuthenticationToken', 'Request is missing Authentication Token');
  const parts =
    /^AWS4-HMAC-SHA256 Credential=([^/\s]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      authorization,
    );
  if (!parts) return refuse('IncompleteSignature', 'The Authorization header is not a version 4 signature.');
  const [, accessKeyId = '', day = '', region = '', service = '', signedHeaders = '', signature = ''] = parts;
  const key = keyOf(accessKeyId);
  if (!key)
    return refuse('UnrecognizedClientException', 'The security token included in the request is invalid.');
  if (key.expiresAt !== undefined && now >= key.expiresAt)
    return refuse('ExpiredTokenException', 'The security token included in the request is expired');
  if (key.sessionToken !== headerOf(request, 'x-amz-security-token'))
    return refuse('UnrecognizedClientException', 'The security token included in the request is invalid.');

  const stamp = headerOf(request, 'x-amz-date') ?? '';
  const signedAt = Date.parse(
    stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'),
  );
  if (!stamp.startsWith(day) || !(Math.abs(now - signedAt) <= ALLOWED_SKEW_MS))
    return refuse('InvalidSignatureException', 'Signature expired or not yet current: check the clock.');
  const names = signedHeaders.split(';');
  if (!names.includes('host'))
    return refuse('InvalidSignatureException', "'Host' must be a 'SignedHeader' in the AWS Authorization.");

  const [path = '/', query = ''] = request.url.split('?', 2);
  const canonical = [
    request.method,
    // Each segment is encoded once more: every service but S3.
    path.split('/').map(encodeRfc3986).join('/'),
    query.split('&').filter(Boolean).sort().join('&'),
    ...names.map((name) => `${name}:${(headerOf(request, name) ?? '').trim().replace(/ +/g, ' ')}`),
    '',
    signedHeaders,
    sha256Hex(request.body),
  ].join('\n');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const text = [ALGORITHM, stamp, scope, sha256Hex(Buffer.from(canonical))].join('\n');
  const signingKey = [day, region, service, 'aws4_request'].reduce<Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    Buffer.from(`AWS4${key.secretAccessKey}`),
  );
  const expected = createHmac('sha256', signingKey).update(text).digest();
  if (!timingSafeEqual(expected, Buffer.from(signature, 'hex')))
    return refuse(
      'InvalidSignatureException',
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.',
    );
  return { ok: true, accessKeyId, region, service };
}

function refuse(code: string, message: string): SignatureVerdict {
  return { ok: false, code, message };
}

function headerOf(request: SignedRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(',') : value;
}

function sha256Hex(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

function encodeRfc3986(segment: string): string {
  return encodeURIComponent(segment).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
