/** The argument by which Slurm's commands are sent to another cluster than the one of this machine. */
export const clusterArguments = (clusters: string | undefined): string[] => (clusters === undefined ? [] : [`--clusters=${clusters}`]);
