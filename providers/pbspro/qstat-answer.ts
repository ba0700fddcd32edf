/**
 * What `qstat -f` says of jobs, as text or as JSON. Owns the two notations and their faults; what the facts mean is exit-status.ts.
 */

/** Of one job. */
export interface JobFacts {
  readonly id: string;
  readonly name: string;
  /** One letter. */
  readonly state: string;
  readonly substate?: number;
  readonly exitStatus?: number;
  readonly comment?: string;
}

/**
 * `qstat -f -F json`. Where the whole is not valid JSON, each job is read by itself, and those that cannot be are left out: OpenPBS
 * 23.06 prints what strtod(3) takes for a number without quotes, `007` and `nan` among them, and an empty variable without any value.
 */
export function parseJsonAnswer(stdout: string): JobFacts[] {
  const whole = parseJson(stdout);
  const jobs = isRecord(whole) && isRecord(whole['Jobs']) ? Object.entries(whole['Jobs']) : readOneByOne(stdout);
  return jobs.flatMap(([id, attributes]) => (isRecord(attributes) ? toFacts(id, (key) => attributes[key]) : []));
}

/** A job begins and ends at a depth of eight spaces. */
const ONE_JOB = /^ {8}"([^"]+)":(\{\n[\s\S]*?\n {8}\})/gm;

const readOneByOne = (stdout: string): [string, unknown][] =>
  [...stdout.matchAll(ONE_JOB)].map(([, id = '', body = '']) => [id, parseJson(body)]);

/** `qstat -f`. Long values are broken: the next line begins with a tab. */
export function parseTextAnswer(stdout: string): JobFacts[] {
  const jobs = stdout
    .replaceAll('\n\t', '')
    .split(/^Job Id: /m)
    .slice(1);
  return jobs.flatMap((text) => {
    const [id = '', ...lines] = text.split('\n');
    const attributes = new Map(lines.map(splitLine));
    return toFacts(id.trim(), (key) => attributes.get(key));
  });
}

function splitLine(line: string): [string, string] {
  const at = line.indexOf(' = ');
  return [line.slice(0, Math.max(0, at)).trim(), line.slice(at + 3)];
}

/** None for a job without a state: that is no answer. */
function toFacts(id: string, get: (key: string) => unknown): JobFacts[] {
  const state = toText(get('job_state'));
  if (state === undefined) return [];
  const [substate, exitStatus, comment] = [toNumber(get('substate')), toNumber(get('Exit_status')), toText(get('comment'))?.trim()];
  return [
    {
      id,
      name: toText(get('Job_Name')) ?? '',
      state,
      ...(substate !== undefined && { substate }),
      ...(exitStatus !== undefined && { exitStatus }),
      ...(comment !== undefined && comment !== '' && { comment }),
    },
  ];
}

/** A text that reads as a number has lost its quotes. */
const toText = (value: unknown): string | undefined => (typeof value === 'string' || typeof value === 'number' ? String(value) : undefined);

function toNumber(value: unknown): number | undefined {
  const text = toText(value);
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
