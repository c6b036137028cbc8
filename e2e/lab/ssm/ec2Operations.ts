import type { DoubleInstance } from './doubleAccount.ts';
import { type Call, type Operations, ServiceError, textsOf } from './doubleCall.ts';
import type { SessionDoor } from './sessionDoor.ts';

/** Elastic Compute Cloud, query protocol. What is returned is written as XML, lists as `item`. */
export function ec2Operations(door: SessionDoor): Operations {
  function change(call: Call, from: DoubleInstance['state'], to: DoubleInstance['state']): object {
    const instances = instancesOf(call);
    if (call.input['DryRun'] === 'true')
      throw new ServiceError('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412);
    for (const instance of instances)
      if (instance.state !== from && instance.state !== to)
        throw new ServiceError(
          'IncorrectInstanceState',
          `The instance '${instance.instanceId}' is not in a state from which it can be ${to}.`,
        );
    const changes = instances.map((instance) => {
      const previousState = stateOf(instance);
      instance.state = to;
      instance.pingStatus = to === 'running' ? 'Online' : 'ConnectionLost';
      if (to === 'stopped') endSessions(door, instance.instanceId);
      return { instanceId: instance.instanceId, currentState: stateOf(instance), previousState };
    });
    return { instancesSet: changes };
  }
  return {
    DescribeInstances(call) {
      const wanted = textsOf(call, 'InstanceId');
      const found = wanted.length === 0 ? call.account.instances : instancesOf(call);
      return {
        reservationSet: found.map((i) => ({
          reservationId: `r-${i.instanceId.slice(2)}`,
          instancesSet: [
            {
              instanceId: i.instanceId,
              instanceState: stateOf(i),
              privateIpAddress: i.address ?? '10.0.0.10',
              ...(i.platform === 'Windows' ? { platform: 'windows' } : {}),
              tagSet: Object.entries({ ...(i.name === undefined ? {} : { Name: i.name }), ...i.tags }).map(
                ([key, value]) => ({ key, value }),
              ),
            },
          ],
        })),
      };
    },
    RebootInstances(call) {
      const instances = instancesOf(call);
      if (call.input['DryRun'] === 'true')
        throw new ServiceError(
          'DryRunOperation',
          'Request would have succeeded, but DryRun flag is set.',
          412,
        );
      for (const instance of instances) endSessions(door, instance.instanceId);
      return { return: 'true' };
    },
    StopInstances: (call) => change(call, 'running', 'stopped'),
    StartInstances: (call) => change(call, 'stopped', 'running'),
  };
}

function instancesOf(call: Call): DoubleInstance[] {
  return textsOf(call, 'InstanceId').map((id) => {
    const instance = call.account.instances.find((i) => i.instanceId === id);
    if (!instance)
      throw new ServiceError('InvalidInstanceID.NotFound', `The instance ID '${id}' does not exist`);
    return instance;
  });
}

const STATE_CODES = { pending: 0, running: 16, stopping: 64, stopped: 80 };

function stateOf(instance: DoubleInstance): { code: number; name: string } {
  return { code: STATE_CODES[instance.state], name: instance.state };
}

function endSessions(door: SessionDoor, target: string): void {
  for (const session of door.sessions) if (session.target === target) void door.terminate(session.sessionId);
}
