/**
 * Which try of which task an error belongs to, and how that is said in a message.
 */
export interface TaskRef {
  readonly id: number;
  /** Name of the app. */
  readonly app: string;
  /** 1 for the first. */
  readonly try: number;
  readonly host: string;
  readonly worker: string;
}

export type TaskName = Pick<TaskRef, 'id' | 'app'>;

/** "task 7 (simulate)", or "the task" where nothing is known. */
export function nameTask(task: TaskName | undefined): string {
  return task === undefined ? 'the task' : `task ${task.id} (${task.app})`;
}

/** "task 7 (simulate), try 2, on n012, worker 3". */
export function describeTry(task: TaskRef): string {
  const place = task.host === '' ? '' : `, on ${task.host}${task.worker === '' ? '' : `, worker ${task.worker}`}`;
  return `${nameTask(task)}, try ${task.try}${place}`;
}
