import type { ConnectFailure } from '../transport.ts';

/** A refusal of AWS, or of the way to it, in words for people. */
export interface AwsFailure extends ConnectFailure {
  /** The service's own code, or the network's: `TargetNotConnected`, `ECONNREFUSED`. */
  code: string;
  /** What the service's operators ask for first. */
  requestId?: string;
}

/** `doing`: for the sentence, `start a session with i-0123`. */
export function awsFailure(error: unknown, doing: string): AwsFailure {
  const { code, message, requestId } = readError(error);
  const rule = RULES.find((r) => r.codes.includes(code) && (r.words === undefined || r.words.test(message)));
  const kind = rule?.kind ?? (retryable(error) ? 'retry' : 'refused');
  const reason = `AWS could not ${doing}: ${rule?.reason?.(message) ?? (message || code)}`;
  const advice = rule?.advice(message) ?? `AWS answered ${code}.`;
  return { kind, code, reason, advice, ...(requestId === undefined ? {} : { requestId }) };
}

interface Rule {
  codes: readonly string[];
  words?: RegExp;
  kind: ConnectFailure['kind'];
  reason?: (message: string) => string;
  advice: (message: string) => string;
}

/** The first that fits. Codes are those of the services' API references. */
const RULES: readonly Rule[] = [
  {
    codes: ['CredentialsProviderError', 'TokenProviderError'],
    words: /SSO|sso/,
    kind: 'refused',
    advice: () => 'The single sign-on of this profile has expired: reconnect to sign in again.',
  },
  {
    codes: ['ProfileMissing'],
    kind: 'refused',
    advice: () =>
      'Name a profile that ~/.aws/config or ~/.aws/credentials has, in the host’s entry or as AWS_PROFILE.',
  },
  {
    codes: ['CredentialsProviderError', 'TokenProviderError'],
    kind: 'refused',
    reason: () => 'there are no credentials',
    advice: () =>
      'Name a profile in the host’s entry, set AWS_PROFILE, or give keys in the environment: the AWS SDK’s own order holds.',
  },
  {
    codes: ['ExpiredTokenException', 'ExpiredToken', 'RequestExpired'],
    kind: 'retry',
    reason: () => 'the credentials have expired',
    advice: () => 'They are renewed where the profile can; otherwise you will be asked.',
  },
  {
    codes: ['InvalidSignatureException', 'SignatureDoesNotMatch', 'AuthFailure'],
    words: /expired|not yet current|clock/i,
    kind: 'refused',
    reason: () => 'the signature’s time is not the service’s',
    advice: () => 'The clock of this machine is off by more than five minutes: set it.',
  },
  {
    codes: ['InvalidSignatureException', 'SignatureDoesNotMatch', 'AuthFailure'],
    kind: 'refused',
    reason: () => 'the signature is wrong',
    advice: () =>
      'The secret access key does not belong to the key id, or the region is another: check the profile.',
  },
  {
    codes: [
      'UnrecognizedClientException',
      'InvalidClientTokenId',
      'MissingAuthenticationToken',
      'IncompleteSignature',
    ],
    kind: 'refused',
    reason: () => 'the access key is not known there',
    advice: () => 'Check the profile, and that its account uses this region.',
  },
  {
    codes: ['AccessDeniedException', 'AccessDenied', 'UnauthorizedOperation'],
    words: /MultiFactorAuthentication/,
    kind: 'refused',
    reason: () => 'the code of the second factor was not accepted',
    advice: () => 'Reconnect, and give the code that the device shows now.',
  },
  {
    codes: ['AccessDeniedException', 'AccessDenied', 'UnauthorizedOperation'],
    kind: 'refused',
    advice(message) {
      const action = /not authorized to perform: ([\w-]+:\w+)/.exec(message)?.[1];
      return action === undefined
        ? 'A permission is missing: ask for it, or use another profile.'
        : `The permission ${action} is missing${/explicit deny/.test(message) ? ' (a policy denies it)' : ''}: ask for it, or use another profile.`;
    },
  },
  {
    codes: ['TargetNotConnected'],
    kind: 'retry',
    reason: () => 'the instance’s agent is not connected',
    advice: () =>
      'Check that the instance runs, that amazon-ssm-agent runs on it, that its role holds AmazonSSMManagedInstanceCore, and that it reaches the ssmmessages endpoint.',
  },
  {
    codes: ['TargetNotConnectedException'],
    kind: 'retry',
    reason: () => 'the task’s ExecuteCommand agent is not connected',
    advice: () =>
      'A new task needs half a minute. Otherwise check that its task role allows ssmmessages, and that its subnet reaches that endpoint.',
  },
  {
    codes: ['InvalidParameterException'],
    words: /execute command was not enabled/,
    kind: 'refused',
    reason: () => 'ExecuteCommand is off for this task, or its agent has stopped',
    advice: () =>
      'Turn it on for the service (enableExecuteCommand) and start new tasks: a running task cannot be changed.',
  },
  {
    codes: ['InvalidParameterException'],
    words: /container name was not specified/,
    kind: 'refused',
    reason: () => 'the task has several containers',
    advice: () => 'Name one in the host’s entry: container: NAME.',
  },
  {
    codes: ['InvalidParameterException'],
    words: /container/,
    kind: 'refused',
    reason: () => 'the task has no container of that name',
    advice: () => 'Check container in the host’s entry.',
  },
  {
    codes: ['InvalidParameterException'],
    words: /task was not found/,
    kind: 'refused',
    reason: () => 'there is no such task',
    advice: () =>
      'Tasks get new ids with every deployment: name the service instead, and its tasks are followed.',
  },
  {
    codes: ['ClusterNotFoundException'],
    kind: 'refused',
    reason: () => 'there is no such cluster',
    advice: () => 'Check cluster, region and profile in the host’s entry.',
  },
  {
    codes: ['ServiceNotFoundException', 'ServiceNotActiveException'],
    kind: 'refused',
    reason: () => 'there is no such service in the cluster',
    advice: () => 'Check service, cluster and region in the host’s entry.',
  },
  {
    codes: ['InvalidDocument', 'InvalidDocumentException'],
    kind: 'refused',
    advice: () => 'The session document does not exist in this region: check its name.',
  },
  {
    codes: ['DoesNotExistException'],
    kind: 'refused',
    reason: () => 'the session is gone',
    advice: () => 'Reconnect: a new session is started.',
  },
  {
    codes: ['ThrottlingException', 'Throttling', 'RequestLimitExceeded', 'TooManyRequestsException'],
    kind: 'retry',
    reason: () => 'too many requests',
    advice: () => 'It is tried again, more slowly.',
  },
  {
    codes: [
      'ECONNREFUSED',
      'ENOTFOUND',
      'EAI_AGAIN',
      'ETIMEDOUT',
      'ECONNRESET',
      'EHOSTUNREACH',
      'ENETUNREACH',
      'TimeoutError',
    ],
    kind: 'retry',
    advice: () => 'Check the network, a proxy, and the region in the host’s entry.',
  },
];

const REGION_MISSING = /Region is missing|region=""/;

function readError(error: unknown): { code: string; message: string; requestId?: string } {
  if (!(error instanceof Error)) return { code: 'Unknown', message: String(error) };
  const more = error as Error & { code?: unknown; $metadata?: { requestId?: string } };
  const requestId = more.$metadata?.requestId;
  // Of the network's errors the name is only Error.
  const code = typeof more.code === 'string' && /^E[A-Z_]+$/.test(more.code) ? more.code : error.name;
  if (REGION_MISSING.test(error.message))
    return {
      code: 'RegionMissing',
      message: 'no region is set: give region in the host’s entry, or AWS_REGION',
    };
  // Node reports a connection that failed on every address as an AggregateError without a message.
  return {
    code,
    message: error.message || code,
    ...(requestId === undefined ? {} : { requestId }),
  };
}

function retryable(error: unknown): boolean {
  const more = error as { $retryable?: unknown; $fault?: string; $metadata?: { httpStatusCode?: number } };
  return more.$retryable !== undefined || (more.$metadata?.httpStatusCode ?? 0) >= 500;
}
