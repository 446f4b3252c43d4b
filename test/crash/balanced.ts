import { audit, auditProblems } from "../support/rehearsal/audit.js";
import { Balancer } from "../support/rehearsal/balancer.js";
import { BuiltService } from "../support/rehearsal/built-service.js";
import { DatabaseServer } from "../support/rehearsal/database-server.js";
import { Deliveries } from "../support/rehearsal/deliveries.js";
import { deliveryFigures } from "../support/rehearsal/figures.js";
import { follow, untilComplete } from "../support/rehearsal/follower.js";
import { RedisServer } from "../support/rehearsal/redis-server.js";
import type { Outcome, Scenario } from "../support/rehearsal/scenario.js";

const perSecond = 40;
const eventsPerStep = 80;
const recoverySeconds = 30;

/**
 * The profile `replicas` of docker-compose.yml without Docker: two instances, Redis, and HAProxy with
 * deploy/haproxy.cfg. Under load one instance is killed with -9 and started again, then both are stopped with
 * SIGTERM and started, one after the other. Nobody who delivers may notice the latter.
 */
export const balanced: Scenario = async (rounds, report) => {
  const [server, redis] = await Promise.all([DatabaseServer.start(), RedisServer.start()]);
  const services: BuiltService[] = [];
  let balancer: Balancer | undefined;
  try {
    const environment = {
      DATABASE_URL: await server.createAccount(),
      REDIS_URL: redis.url,
      TRUSTED_PROXIES: "1",
    };
    const first = await BuiltService.start(environment);
    services.push(first);
    const second = await BuiltService.start(environment);
    services.push(second);
    balancer = await Balancer.start([first.port, second.port]);
    for (let round = 0; round < rounds; round += 1)
      report(await stopEach({ server, balancer, services: [first, second] }, round));
  } finally {
    await balancer?.stop();
    await Promise.all(services.map((service) => service.stop("SIGKILL")));
    await Promise.all([server.stop(), redis.stop()]);
  }
};

interface Parts {
  readonly server: DatabaseServer;
  readonly balancer: Balancer;
  readonly services: readonly [BuiltService, BuiltService];
}

async function stopEach({ server, balancer, services }: Parts, round: number): Promise<Outcome> {
  const followers = await follow(6, balancer.url);
  const deliveries = new Deliveries(balancer.url, { perSecond });
  const stopAndStart = async (signal: NodeJS.Signals, service: BuiltService | undefined) => {
    const before = deliveries.refused;
    await service?.stop(signal);
    await deliveries.untilAcknowledged(eventsPerStep, recoverySeconds);
    await service?.start();
    await balancer.untilUp();
    await deliveries.untilAcknowledged(eventsPerStep, recoverySeconds);
    return deliveries.refused - before;
  };
  try {
    await deliveries.untilAcknowledged(eventsPerStep, recoverySeconds);
    const atKill = await stopAndStart("SIGKILL", services[round % 2]);
    let atStop = 0;
    for (const service of services) atStop += await stopAndStart("SIGTERM", service);
    await deliveries.finish(recoverySeconds);
    const { acknowledged } = deliveries;
    const ids = acknowledged.map(({ sessionId }) => sessionId);
    await untilComplete(followers, ids, recoverySeconds);
    const found = await audit(server, acknowledged);
    return {
      figures: {
        ...deliveryFigures(deliveries, found),
        "refused at kill -9": atKill,
        "refused at SIGTERM": atStop,
      },
      problems: [
        ...services.flatMap((service) => service.problems()),
        ...deliveries.problems(true),
        ...(atStop > 0 ? [`SIGTERM cost ${atStop} deliveries an answer.`] : []),
        ...auditProblems(found),
        ...followers.flatMap((follower) => follower.problems(ids)),
        ...followers.flatMap(({ errors }) => errors.map((code) => `A subscriber was told ${code}.`)),
      ],
    };
  } finally {
    for (const follower of followers) follower.leave();
  }
}
