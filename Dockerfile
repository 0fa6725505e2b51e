# crossval in Debian 12, as its Debian package:
#   docker build -t crossval . && docker run --rm -v crossval-cache:/cache -e CROSSVAL_CACHE=/cache crossval doctor
# tests/e2e/test_bare_debian.py runs its commands in a Debian 12 that has nothing else; the image itself has never been
# built. debian:12-slim leaves out manual pages and most of /usr/share/doc.
FROM debian:12-slim AS build
WORKDIR /crossval
COPY . .
RUN scripts/deps.sh build test \
 && cmake --preset release -DCROSSVAL_TESTS=OFF \
 && cmake --build build/release --target crossval \
 && cpack --config build/release/CPackConfig.cmake -B build/package

FROM debian:12-slim
COPY --from=build /crossval/build/package/*.deb /tmp/
# With what it recommends: the compiler and pip, which build llama.cpp on first use.
RUN apt-get update -qq \
 && apt-get install -y -qq /tmp/*.deb \
 && rm -rf /tmp/*.deb /var/lib/apt/lists/*
ENTRYPOINT ["crossval"]
