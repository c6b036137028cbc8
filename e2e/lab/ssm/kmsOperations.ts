import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { type Call, type Operations, ServiceError, textOf } from './doubleCall.ts';

/**
 * Key Management Service, JSON 1.1, target prefix `TrentService`. A ciphertext is ours alone (key id, nonce, sealed
 * bytes, tag), as the real one is the service's alone; the encryption context is bound to it as additional data.
 */
export const kmsOperations: Operations = {
  GenerateDataKey(call) {
    const { id, key } = masterKey(call, textOf(call, 'KeyId'));
    const length = call.input['KeySpec'] === 'AES_128' ? 16 : Number(call.input['NumberOfBytes'] ?? 32);
    const plaintext = randomBytes(length);
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(contextOf(call));
    const sealed = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
    const name = Buffer.from(id);
    const blob = Buffer.concat([Buffer.from([name.length]), name, nonce, sealed]);
    return { KeyId: id, Plaintext: plaintext.toString('base64'), CiphertextBlob: blob.toString('base64') };
  },

  Decrypt(call) {
    const blob = Buffer.from(textOf(call, 'CiphertextBlob'), 'base64');
    const named = blob[0] ?? 0;
    const { id, key } = masterKey(call, blob.subarray(1, 1 + named).toString());
    const nonce = blob.subarray(1 + named, 13 + named);
    const sealed = blob.subarray(13 + named);
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAAD(contextOf(call));
      decipher.setAuthTag(sealed.subarray(-16));
      const plaintext = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
      return { KeyId: id, Plaintext: plaintext.toString('base64'), EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' };
    } catch {
      throw new ServiceError(
        'InvalidCiphertextException',
        'The ciphertext or its encryption context is wrong.',
      );
    }
  },
};

function masterKey(call: Call, wanted: string): { id: string; key: Uint8Array } {
  const id = wanted.split('/').at(-1) ?? wanted;
  const key = call.account.kmsKeys.get(wanted) ?? call.account.kmsKeys.get(id);
  if (!key)
    throw new ServiceError(
      'NotFoundException',
      `Key 'arn:aws:kms:${call.account.region}:${call.account.accountId}:key/${id}' does not exist`,
    );
  return { id, key };
}

function contextOf(call: Call): Buffer {
  const context = (call.input['EncryptionContext'] ?? {}) as Record<string, string>;
  return Buffer.from(JSON.stringify(Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1))));
}
