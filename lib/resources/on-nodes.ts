/**
 * Requests of tasks that run on whole nodes whatever was said: those that name no nodes ask for one. Pure.
 */
import type { CompiledResources, RequestsPerTry } from './compile-resources.ts';
import type { NodesRequest, RequestVariant } from './request.ts';

const ONE_NODE: NodesRequest = { count: 1, ranksPerNode: undefined, threadsPerRank: 1, gpusPerRank: 0, cpuBind: undefined };
const NOTHING_SAID: RequestVariant = { cores: 1, layout: 'compact', gpus: 0, memoryBytes: 0, custom: {}, nodes: ONE_NODE };

export function onNodes(resources: CompiledResources | undefined): CompiledResources {
  if (resources === undefined) return { kind: 'known', perTry: [{ variants: [NOTHING_SAID] }] };
  if (resources.kind === 'known') return { kind: 'known', perTry: everyTryOnNodes(resources.perTry) };
  const { compute } = resources;
  return { kind: 'computed', compute: (args) => everyTryOnNodes(compute(args)) };
}

function everyTryOnNodes(perTry: RequestsPerTry): RequestsPerTry {
  if (perTry.every(({ variants }) => variants.every(({ nodes }) => nodes !== undefined))) return perTry;
  return perTry.map(({ variants }) => ({
    variants: variants.map((variant) => ({ ...variant, nodes: variant.nodes ?? ONE_NODE })),
  })) as unknown as RequestsPerTry; // as many as there were: at least one
}
