import { type Clock, systemClock } from '../../../shared/base/clock.ts';
import type { Disposable } from '../../../shared/base/disposable.ts';
import { type AgentDouble, type AgentDoubleOptions, startAgentDouble } from './agentDouble.ts';
import { createDoubleAccount, type DoubleAccount } from './doubleAccount.ts';
import { type ServiceDouble, startServiceDouble } from './serviceDouble.ts';

/** An account of AWS on loopback: its APIs, and the agents of its instances and tasks with real shells behind them. */
export interface AwsDouble extends Disposable {
  readonly account: DoubleAccount;
  readonly agents: AgentDouble;
  readonly service: ServiceDouble;
}

export interface AwsDoubleOptions extends Omit<AgentDoubleOptions, 'account' | 'clock' | 'shellFor'> {
  account?: Partial<DoubleAccount>;
  clock?: Clock;
  /** Absent: a plain sh of this machine. */
  shellFor?: AgentDoubleOptions['shellFor'];
}

export async function startAwsDouble(options: AwsDoubleOptions = {}): Promise<AwsDouble> {
  const account = createDoubleAccount(options.account);
  const agents = await startAgentDouble({
    shellFor: () => ({ file: '/bin/sh', args: [] }),
    clock: systemClock,
    ...options,
    account,
  });
  const service = await startServiceDouble(account, agents);
  return {
    account,
    agents,
    service,
    dispose() {
      agents.dispose();
      void service.close();
    },
  };
}
