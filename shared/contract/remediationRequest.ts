import { z } from 'zod';
import { SERVICE_MANAGERS } from '../model/remediation.ts';
import { isServiceName } from '../model/serviceName.ts';

export const processIdentity = z
  .object({
    bootId: z.string().min(1).max(64),
    pid: z.number().int().min(1).max(4_194_304),
    startTicks: z.number().int().min(0),
  })
  .strict();
/** What a person may ask to be done, and nothing else. */
export const remediationRequest = z.discriminatedUnion('action', [
  z
    .object({
      action: z.literal('process.kill'),
      arguments: z
        .object({
          target: processIdentity,
          signal: z.enum(['TERM', 'KILL']).default('TERM'),
          tree: z.boolean().exactOptional(),
        })
        .strict(),
    })
    .strict(),
  z
    .object({
      action: z.literal('process.pause'),
      arguments: z.object({ target: processIdentity, resume: z.boolean() }).strict(),
    })
    .strict(),
  z
    .object({
      action: z.literal('process.renice'),
      arguments: z.object({ target: processIdentity, nice: z.number().int().min(-20).max(19) }).strict(),
    })
    .strict(),
  z.object({ action: z.literal('ssh.protect'), arguments: z.object({}).strict() }).strict(),
  z
    .object({
      action: z.literal('service.control'),
      arguments: z
        .object({
          manager: z.enum(SERVICE_MANAGERS),
          name: z.string(),
          operation: z.enum(['restart', 'stop', 'start']),
        })
        .strict()
        .refine(isServiceName, 'no name that the manager can be told'),
    })
    .strict(),
  z
    .object({
      action: z.literal('file.truncate_deleted'),
      arguments: z
        .object({
          target: processIdentity,
          descriptor: z.number().int().min(0).max(1_048_576),
          inode: z.number().int().min(1),
        })
        .strict(),
    })
    .strict(),
  z
    .object({
      action: z.literal('journal.vacuum'),
      arguments: z.object({ keepBytes: z.number().int().min(1_048_576).max(1e15) }).strict(),
    })
    .strict(),
  z
    .object({
      action: z.literal('runbook.run'),
      arguments: z
        .object({
          runbook: z.string().min(1).max(64),
          parameters: z.record(z.string().max(64), z.string().max(4096)),
        })
        .strict(),
    })
    .strict(),
  z
    .object({
      action: z.literal('aws.terminate_session'),
      arguments: z.object({ sessionId: z.string().min(1).max(200) }).strict(),
    })
    .strict(),
  z
    .object({
      action: z.literal('aws.control_host'),
      arguments: z.object({ operation: z.enum(['reboot', 'stop', 'start', 'stop_task']) }).strict(),
    })
    .strict(),
  z
    .object({
      action: z.literal('erlang.disconnect_node'),
      // An atom has at most 255 characters.
      arguments: z
        .object({
          service: processIdentity,
          node: z.string().min(1).max(255),
          process: processIdentity.exactOptional(),
          keepOut: z.boolean().exactOptional(),
        })
        .strict(),
    })
    .strict(),
]);
