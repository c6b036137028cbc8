import type { AwsCredentials } from './awsAccess.ts';

/**
 * Headers for the WebSocket's upgrade: signature version 4 of a GET without a body, service `ssmmessages`, as the
 * official client signs since 1.2.764. A URL that carries its own signature (X-Amz-…) gets none.
 */
export async function signUpgrade(
  streamUrl: URL,
  signer: { region: string; credentials: AwsCredentials; now: number },
): Promise<Record<string, string>> {
  if ([...streamUrl.searchParams.keys()].some((key) => /^x-amz-/i.test(key))) return {};
  const [{ SignatureV4 }, { Sha256 }] = await Promise.all([
    import('@smithy/signature-v4'),
    import('@aws-crypto/sha256-js'),
  ]);
  const signature = new SignatureV4({
    service: 'ssmmessages',
    region: signer.region,
    credentials: signer.credentials,
    sha256: Sha256,
  });
  const signed = await signature.sign(
    {
      method: 'GET',
      protocol: streamUrl.protocol,
      hostname: streamUrl.hostname,
      path: streamUrl.pathname,
      query: Object.fromEntries(streamUrl.searchParams),
      headers: { host: streamUrl.host },
    },
    { signingDate: new Date(signer.now) },
  );
  const { host: _, ...headers } = signed.headers;
  return headers;
}
