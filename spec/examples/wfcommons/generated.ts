/** Workflows for specs, as text in WfFormat 1.5. */

export interface GeneratedTask {
  readonly id: string;
  readonly in?: readonly string[];
  readonly out?: readonly string[];
  readonly parents?: readonly string[];
  readonly seconds?: number;
}

/** Every file that a task names gets a size, but for what `sizes` says. */
export function wfFormat(tasks: readonly GeneratedTask[], sizes: Readonly<Record<string, number>> = {}): string {
  const names = new Set(tasks.flatMap(({ in: inputs = [], out = [] }) => [...inputs, ...out]));
  const measured = tasks.filter(({ seconds }) => seconds !== undefined);
  return JSON.stringify({
    name: 'generated',
    schemaVersion: '1.5',
    workflow: {
      specification: {
        tasks: tasks.map(({ id, in: inputFiles = [], out: outputFiles = [], parents = [] }) => ({
          name: id,
          id,
          parents,
          children: [],
          inputFiles,
          outputFiles,
        })),
        files: [...names].map((id) => ({ id, sizeInBytes: sizes[id] ?? 10 })),
      },
      execution: { tasks: measured.map(({ id, seconds }) => ({ id, runtimeInSeconds: seconds })) },
    },
  });
}
