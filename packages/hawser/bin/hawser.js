#!/usr/bin/env node
import { run } from "../dist/process.js";

await run();
