/* Feeds the files given as arguments to a fuzz target, so that a corpus replays as an ordinary test. */
#include "fuzz/target.h"

/* The whole file in memory of exactly its size, so that a sanitizer sees reads behind its end. */
static uint8_t *read_file(const char *path, size_t *size) {
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    long end = fseek(f, 0, SEEK_END) == 0 ? ftell(f) : -1;
    uint8_t *data = end >= 0 ? malloc((size_t)end + !end) : NULL;
    rewind(f);
    if (data && fread(data, 1, (size_t)end, f) != (size_t)end) {
        free(data);
        data = NULL;
    }
    fclose(f);
    *size = (size_t)end;
    return data;
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; ++i) {
        size_t size;
        uint8_t *data = read_file(argv[i], &size);
        if (!data) {
            perror(argv[i]);
            return 1;
        }
        LLVMFuzzerTestOneInput(data, size);
        free(data);
    }
    if (argc < 2) {
        fprintf(stderr, "no inputs: an empty corpus tests nothing\n");
        return 1;
    }
    return 0;
}
