# SPDX-License-Identifier: Apache-2.0
# The generated part of the room config: the table of settings, from schema/settings/, written into
# the build directory by tools/generate.

set(settings_generator ${CMAKE_SOURCE_DIR}/tools/generate/generate_settings.py)
set(settings_table ${CMAKE_BINARY_DIR}/generated/config/settings_table.cc)
set(configuration_page ${CMAKE_SOURCE_DIR}/docs/configuration.md)
file(GLOB settings_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/schema/settings/*.toml)

add_custom_command(OUTPUT ${settings_table}
  COMMAND ${Python3_EXECUTABLE} -B ${settings_generator} --schema ${CMAKE_SOURCE_DIR}/schema
          --output ${CMAKE_BINARY_DIR}/generated
  DEPENDS ${settings_files} ${settings_generator} ${CMAKE_SOURCE_DIR}/tools/generate/settings.py
          ${CMAKE_SOURCE_DIR}/tools/generate/settings_templates.py
  COMMENT "Generating the table of settings" VERBATIM)
target_sources(odradek_config PRIVATE ${settings_table})

add_custom_target(configuration_document
  COMMAND ${Python3_EXECUTABLE} -B ${settings_generator} --schema ${CMAKE_SOURCE_DIR}/schema
          --document ${configuration_page}
  COMMENT "Writing docs/configuration.md" VERBATIM)
add_test(NAME configuration_document
  COMMAND ${Python3_EXECUTABLE} -B ${settings_generator} --schema ${CMAKE_SOURCE_DIR}/schema
          --document ${configuration_page} --check)
add_test(NAME settings_generator
  COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_SOURCE_DIR}/tools/generate/settings_test.py)
