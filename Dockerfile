# The application image: production dependencies, no dev servers, not root.
FROM node:24-bookworm-slim AS packages
WORKDIR /candor
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM node:24-bookworm-slim
WORKDIR /candor
COPY --from=packages /candor/node_modules node_modules
COPY package.json ./
COPY src src
COPY workers workers
COPY templates templates
COPY runbooks runbooks
RUN rm -rf src/dev
# A small heap that is swept often; compiled code is kept, so nothing is compiled twice.
ENV NODE_ENV=production \
    NODE_OPTIONS="--max-semi-space-size=4 --max-old-space-size=192" \
    NODE_COMPILE_CACHE=/tmp/candor-compiled
USER node
EXPOSE 8080
# workers/main.ts is the other process: see compose.yaml.
CMD ["node", "src/server.ts"]
