import type { HostId } from '../../../shared/model/host.ts';
import type { PlanText } from '../../../shared/model/remediation.ts';
import type { Runbook } from '../../../shared/model/workspace.ts';
import type { HostScript } from './hostScript.ts';
import type { Looker } from './look.ts';
import type { Needs } from './privilege.ts';

/** A remediation that is one guarded script on the host. A line in `scriptActions.ts` each. */
export interface ScriptAction<Arguments> {
  /** Of the arguments alone, so that it can be checked again in another run of the workbench. */
  script(args: Arguments, on: ActionHost): HostScript;
  /** Reads the host, changes nothing. */
  plan(args: Arguments, on: ActionHost): Promise<ScriptWords>;
}

export interface ActionHost {
  host: HostId;
  /** The host's clock, epoch ms. */
  now: number;
  look: Looker;
  /** The workspace's own, that this host may run. */
  runbook(name: string): Runbook | undefined;
}

export interface ScriptWords extends Pick<PlanText, 'title' | 'touches' | 'verification' | 'refusal'> {
  needs: Needs;
  /** What plans that must not run side by side have in common. */
  target: string;
  /** What is not known when the link drops: `the service was restarted`. */
  effect: string;
  /** What is checked first: `Checking on the host that it is still the same process`. */
  guard: string;
  timeoutMs: number;
}
