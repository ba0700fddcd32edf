/** Described in its header. */
#include "program.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory.h"

extern char **environ;

static bool is_program(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

const char *find_program(const char *name, const char *path, char found[PATH_BYTES]) {
  size_t name_length = strlen(name);
  for (const char *at = path; at != NULL;) {
    const char *end = strchrnul(at, ':');
    size_t length = (size_t)(end - at);
    if (length + name_length + 3 <= PATH_BYTES) {
      memcpy(found, at, length);
      /* An empty part is the working directory. */
      if (length == 0) found[length++] = '.';
      found[length] = '/';
      memcpy(found + length + 1, name, name_length + 1);
      if (is_program(found)) return found;
    }
    at = *end == ':' ? end + 1 : NULL;
  }
  return NULL;
}

static bool has_magic(const char *program) {
  char magic[4] = {0};
  int fd = open(program, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return false;
  ssize_t got = read(fd, magic, sizeof magic);
  close(fd);
  return got >= 2 && (memcmp(magic, "#!", 2) == 0 || (got == 4 && memcmp(magic, "\177ELF", 4) == 0));
}

const char *find_direct_program(const char *word, const char *path, char found[PATH_BYTES]) {
  const char *program = word;
  if (strchr(word, '/') == NULL) program = find_program(word, path, found);
  else if (!is_program(word)) return NULL;
  return program != NULL && has_magic(program) ? program : NULL;
}

const char *added_variable(const struct request *request, const char *name) {
  for (size_t i = request->variable_count; i-- > 0;)
    if (strcmp(request->variables[i].name, name) == 0) return request->variables[i].value;
  return NULL;
}

static char *joined(const char *name, const char *value) {
  size_t name_length = strlen(name), value_length = strlen(value);
  char *both = resize(NULL, name_length + value_length + 2);
  memcpy(both, name, name_length);
  both[name_length] = '=';
  memcpy(both + name_length + 1, value, value_length + 1);
  return both;
}

/* Whether one of the strings sets the variable that `text` sets. */
static bool is_set(char *const *strings, size_t count, const char *text) {
  size_t length = (size_t)(strchrnul(text, '=') - text);
  for (size_t i = 0; i < count; i++)
    if (strncmp(strings[i], text, length) == 0 && strings[i][length] == '=') return true;
  return false;
}

/* What comes first wins, so it goes from the last that was added to what was there before. */
struct environment make_environment(const struct request *request, const char *direct) {
  size_t inherited = 0, count = 0;
  while (environ[inherited] != NULL) inherited++;
  char **all = resize(NULL, (request->variable_count + inherited + 3) * sizeof *all);
  if (direct != NULL) all[count++] = joined("_", direct);
  for (size_t i = request->variable_count; i-- > 0;) {
    char *text = joined(request->variables[i].name, request->variables[i].value);
    if (is_set(all, count, text)) free(text);
    else all[count++] = text;
  }
  if (!is_set(all, count, "PWD=")) all[count++] = joined("PWD", request->cwd);
  size_t made = count;
  for (size_t i = 0; i < inherited; i++) {
    /* `_` names what was executed: here the spawner. */
    if (strncmp(environ[i], "_=", 2) != 0 && !is_set(all, made, environ[i])) all[count++] = environ[i];
  }
  all[count] = NULL;
  return (struct environment){all, made};
}

void free_environment(struct environment *environment) {
  for (size_t i = 0; i < environment->made; i++) free(environment->all[i]);
  free(environment->all);
}
