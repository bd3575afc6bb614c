// The nearest neighbours by faiss and hnswlib, driven as our nearest.c is.
//
//   nearest_peer flat|ivf|hnswlib build VECTORS DIMS INDEX
//   nearest_peer flat|ivf|hnswlib search INDEX DIMS QUERIES K EFFORT    EFFORT: nprobe, ef; nothing for flat
//
// `search` prints the rows found, a query a line, and on stderr the seconds of an average query. One thread.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <faiss/IndexFlat.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/index_io.h>
#include <hnswlib/hnswlib.h>
#include <omp.h>

static std::vector<float> read_floats(const char *path) {
    FILE *f = fopen(path, "rb");
    if (!f)
        exit(66);
    fseek(f, 0, SEEK_END);
    std::vector<float> v(static_cast<size_t>(ftell(f)) / sizeof(float));
    rewind(f);
    if (fread(v.data(), sizeof(float), v.size(), f) != v.size())
        exit(74);
    fclose(f);
    return v;
}

static void build_faiss(const std::string &kind, const std::vector<float> &v, int dims, const char *path) {
    const long n = static_cast<long>(v.size()) / dims;
    std::unique_ptr<faiss::IndexFlat> coarse;
    std::unique_ptr<faiss::Index> index;
    if (kind == "flat") {
        index = std::make_unique<faiss::IndexFlatIP>(dims);
    } else {
        coarse = std::make_unique<faiss::IndexFlatIP>(dims);
        const long lists = n < 40000 ? 64 : 1024;
        index = std::make_unique<faiss::IndexIVFFlat>(coarse.get(), dims, lists, faiss::METRIC_INNER_PRODUCT);
        index->train(n, v.data());
    }
    index->add(n, v.data());
    faiss::write_index(index.get(), path);
}

static void build_hnswlib(const std::vector<float> &v, int dims, const char *path) {
    const size_t n = v.size() / static_cast<size_t>(dims);
    hnswlib::InnerProductSpace space(static_cast<size_t>(dims));
    hnswlib::HierarchicalNSW<float> index(&space, n, 16, 200);
    for (size_t i = 0; i < n; ++i)
        index.addPoint(v.data() + i * static_cast<size_t>(dims), i);
    index.saveIndex(path);
}

static void print_rows(const std::vector<long> &row, size_t k) {
    for (size_t i = 0; i < row.size(); ++i)
        printf("%ld%c", row[i], (i + 1) % k ? ' ' : '\n');
}

template <class Ask> static void ask_all(size_t n, size_t k, Ask ask) {
    std::vector<long> row(n * k, -1);
    const auto start = std::chrono::steady_clock::now();
    for (size_t i = 0; i < n; ++i)
        ask(i, &row[i * k]);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    fprintf(stderr, "%.9f\n", took.count() / static_cast<double>(n));
    print_rows(row, k);
}

static void search_faiss(const char *path, const std::vector<float> &q, size_t dims, size_t k, int effort) {
    std::unique_ptr<faiss::Index> index(faiss::read_index(path));
    if (auto *ivf = dynamic_cast<faiss::IndexIVFFlat *>(index.get()))
        ivf->nprobe = static_cast<size_t>(effort);
    std::vector<float> score(k);
    std::vector<faiss::Index::idx_t> found(k);
    ask_all(q.size() / dims, k, [&](size_t i, long *row) {
        index->search(1, &q[i * dims], static_cast<long>(k), score.data(), found.data());
        for (size_t j = 0; j < k; ++j)
            row[j] = found[j];
    });
}

static void search_hnswlib(const char *path, const std::vector<float> &q, size_t dims, size_t k, int effort) {
    hnswlib::InnerProductSpace space(dims);
    hnswlib::HierarchicalNSW<float> index(&space, path);
    index.setEf(static_cast<size_t>(effort));
    ask_all(q.size() / dims, k, [&](size_t i, long *row) {
        auto found = index.searchKnn(&q[i * dims], k);
        for (size_t j = found.size(); j-- > 0; found.pop())
            row[j] = static_cast<long>(found.top().second);
    });
}

int main(int argc, char **argv) {
    omp_set_num_threads(1);
    const std::string kind = argc > 1 ? argv[1] : "", verb = argc > 2 ? argv[2] : "";
    if (verb == "build" && argc == 6) {
        const std::vector<float> v = read_floats(argv[3]);
        if (kind == "hnswlib")
            build_hnswlib(v, atoi(argv[4]), argv[5]);
        else
            build_faiss(kind, v, atoi(argv[4]), argv[5]);
        return 0;
    }
    if (verb == "search" && argc == 8) {
        const std::vector<float> q = read_floats(argv[5]);
        const size_t dims = static_cast<size_t>(atoi(argv[4])), k = static_cast<size_t>(atoi(argv[6]));
        if (kind == "hnswlib")
            search_hnswlib(argv[3], q, dims, k, atoi(argv[7]));
        else
            search_faiss(argv[3], q, dims, k, atoi(argv[7]));
        return 0;
    }
    fprintf(stderr, "usage: see nearest.cpp\n");
    return 64;
}
