import type { RemediationRequest } from '../../../shared/model/remediation.ts';
import { controlService } from './controlService.ts';
import { truncateDeleted, vacuumJournal } from './freeDisk.ts';
import { pauseProcess, reniceProcess } from './processActions.ts';
import { protectSsh } from './protectSsh.ts';
import { runRunbook } from './runRunbook.ts';
import type { ScriptAction } from './scriptAction.ts';

type ScriptName =
  | 'process.pause'
  | 'process.renice'
  | 'ssh.protect'
  | 'service.control'
  | 'file.truncate_deleted'
  | 'journal.vacuum'
  | 'runbook.run';
export type ScriptRequest = Extract<RemediationRequest, { action: ScriptName }>;

/** One line an action. */
const SCRIPT_ACTIONS: {
  [Name in ScriptName]: ScriptAction<Extract<ScriptRequest, { action: Name }>['arguments']>;
} = {
  'process.pause': pauseProcess,
  'process.renice': reniceProcess,
  'ssh.protect': protectSsh,
  'service.control': controlService,
  'file.truncate_deleted': truncateDeleted,
  'journal.vacuum': vacuumJournal,
  'runbook.run': runRunbook,
};

/** Arguments were checked against their action's schema when they came in. */
export function scriptActionOf(request: ScriptRequest): ScriptAction<unknown> {
  return SCRIPT_ACTIONS[request.action] as ScriptAction<unknown>;
}
