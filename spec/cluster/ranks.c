/*
 * An MPI program that writes down where each of its ranks was, and when: "name rank ranks host first last" with times in ms.
 * Arguments: the file, its name, ms for which it stays. All ranks add up their numbers first, so that they must have found each other.
 */
#include <mpi.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

static long long now_ms(void) {
  struct timeval time;
  gettimeofday(&time, NULL);
  return time.tv_sec * 1000LL + time.tv_usec / 1000;
}

int main(int argc, char **argv) {
  int rank, ranks, sum = 0;
  char host[64], line[256];
  long long first = now_ms();
  MPI_Init(&argc, &argv);
  if (argc < 4) MPI_Abort(MPI_COMM_WORLD, 2);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  if (sum != ranks * (ranks - 1) / 2) MPI_Abort(MPI_COMM_WORLD, 3);
  if (rank == 0) {
    printf("%d\n", ranks);
    fflush(stdout);
  }
  usleep(1000 * atoi(argv[3]));
  gethostname(host, sizeof host);
  int length = snprintf(line, sizeof line, "%s %d %d %s %lld %lld\n", argv[2], rank, ranks, host, first, now_ms());
  int log = open(argv[1], O_WRONLY | O_APPEND | O_CREAT, 0644);
  if (log < 0 || write(log, line, length) != length) MPI_Abort(MPI_COMM_WORLD, 4);
  close(log);
  MPI_Finalize();
  return 0;
}
