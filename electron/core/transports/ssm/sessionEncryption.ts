import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { fail, ok, type Result } from '../../../../shared/base/result.ts';

/** What the session's keys are asked of: KMS's GenerateDataKey. */
export interface DataKeySource {
  /** 64 bytes, and the same sealed. Throws what the service refuses with. */
  generate(
    keyId: string,
    context: Record<string, string>,
  ): Promise<{ plain: Uint8Array; sealed: Uint8Array }>;
}

/**
 * AES-256-GCM over payloads: nonce (12 bytes) ‖ ciphertext ‖ tag (16), without additional data. Encrypted are the
 * client's Output, and the agent's Output, StdErr and ExitCode; sessions to a port never are.
 */
export interface SessionEncryption {
  encrypt(plain: Uint8Array): Uint8Array;
  decrypt(sealed: Uint8Array): Result<Uint8Array, string>;
}

const NONCE = 12;
const TAG = 16;

/** `sending` and `receiving` are 32 bytes each. */
export function createSessionEncryption(sending: Uint8Array, receiving: Uint8Array): SessionEncryption {
  return {
    encrypt(plain) {
      const nonce = randomBytes(NONCE);
      const cipher = createCipheriv('aes-256-gcm', sending, nonce);
      return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
    decrypt(sealed) {
      if (sealed.length < NONCE + TAG) return fail(`${sealed.length} bytes cannot be an encrypted payload`);
      const decipher = createDecipheriv('aes-256-gcm', receiving, sealed.subarray(0, NONCE));
      decipher.setAuthTag(sealed.subarray(-TAG));
      try {
        return ok(Buffer.concat([decipher.update(sealed.subarray(NONCE, -TAG)), decipher.final()]));
      } catch {
        return fail('a payload could not be decrypted: the keys differ, or it was changed on the way');
      }
    },
  };
}

export interface KeyAgreement {
  encryption: SessionEncryption;
  /** `ActionResult` of the KMSEncryption action. */
  result: { KMSCipherTextKey: string; KMSCipherTextHash: string; ChallengeAcknowledgement?: boolean };
}

/**
 * The client's half: a data key of 64 bytes, of which the first half decrypts on the client and the second encrypts.
 * Agents that send a `Challenge` in their request want it in the encryption context.
 */
export async function agreeOnKeys(
  source: DataKeySource,
  request: { keyId: string; sessionId: string; target: string; challenge?: string },
): Promise<KeyAgreement> {
  const { plain, sealed } = await source.generate(request.keyId, {
    'aws:ssm:SessionId': request.sessionId,
    'aws:ssm:TargetId': request.target,
    ...(request.challenge === undefined ? {} : { 'aws:ssm:RandomChallenge': request.challenge }),
  });
  if (plain.length !== 64) throw new Error(`KMS gave a data key of ${plain.length} bytes, 64 were asked for`);
  return {
    encryption: createSessionEncryption(plain.subarray(32), plain.subarray(0, 32)),
    result: {
      KMSCipherTextKey: Buffer.from(sealed).toString('base64'),
      KMSCipherTextHash: createHash('sha256').update(sealed).digest('base64'),
      ...(request.challenge === undefined ? {} : { ChallengeAcknowledgement: true }),
    },
  };
}

/** Payload type 8 → the payload of type 9: the challenge, decrypted and encrypted again. */
export function answerChallenge(
  encryption: SessionEncryption,
  payload: Uint8Array,
): Result<Uint8Array, string> {
  let challenge: unknown;
  try {
    challenge = (JSON.parse(Buffer.from(payload).toString('utf8')) as { Challenge?: unknown }).Challenge;
  } catch {
    challenge = undefined;
  }
  if (typeof challenge !== 'string') return fail("the agent's encryption challenge cannot be read");
  const plain = encryption.decrypt(Buffer.from(challenge, 'base64'));
  if (!plain.ok) return plain;
  const answer = Buffer.from(encryption.encrypt(plain.value)).toString('base64');
  return ok(Buffer.from(JSON.stringify({ Challenge: answer })));
}
