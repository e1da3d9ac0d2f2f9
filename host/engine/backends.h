/* Creates the backend of an engine, and returns the one of an existing engine. */
#ifndef ENGINE_BACKENDS_H
#define ENGINE_BACKENDS_H

#include "backend/backend.h"

/*
 * What the options' device and ranks ask for: several devices too, or the best there is. *backend to free with
 * backend_free; description is replaced by a line that names the device. The second: one device of this process.
 */
carrynet_status engine_open_backend(struct backend **backend, const carrynet_settings *settings,
                                    const carrynet_engine_options *options, char description[BACKEND_DESCRIPTION]);
carrynet_status engine_one_backend(struct backend **backend, const carrynet_settings *settings,
                                   const carrynet_engine_options *options, char description[BACKEND_DESCRIPTION]);

/* The backend of an engine, which stays the engine's. */
struct backend *engine_backend(carrynet_engine *engine);

#endif
