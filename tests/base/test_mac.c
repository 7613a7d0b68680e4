/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MAC addresses: what is read, what is refused and in which words, random ones. */
#include <criterion/criterion.h>
#include <string.h>

#include "cnm/base/addr.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"

Test(mac, parse_and_format)
{
	static const char *const rows[] = {"02:42:ac:11:00:02", "02-42-AC-11-00-02", "02:42:AC:11:00:02"};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		struct cnm_error err = CNM_ERROR_INIT;
		char out[CNM_MAC_TEXT_MAX];
		struct cnm_mac mac;

		cr_assert_eq(cnm_mac_parse(&mac, rows[i], &err), 0, "%s", err.text);
		cr_assert_str_eq(cnm_mac_format(&mac, out), "02:42:ac:11:00:02");
		cr_assert(cnm_mac_is_set(&mac));
	}
}

Test(mac, parse_refuses)
{
	static const struct {
		const char *in, *text;
	} rows[] = {
	        {"", "not a MAC"},
	        {"02:42:ac:11:00", "not a MAC"},
	        {"02:42:ac:11:00:0g", "not a MAC"},
	        {"02:42:ac:11:00:02 ", "not a MAC"},
	        {"02:42:ac:11:00:02:03", "not a MAC"},
	        {"02:42:ac-11:00:02", "not a MAC"},
	        {"02-42-ac-11:00-02", "not a MAC"},
	        {"2:42:ac:11:00:002", "not a MAC"},
	        {"0242ac110002", "not a MAC"},
	        {"02.42.ac.11.00.02", "not a MAC"},
	        {"01:00:5e:00:00:01", "multicast"},
	        {"ff:ff:ff:ff:ff:ff", "multicast"},
	        {"00:00:00:00:00:00", "all-zero"},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		struct cnm_error err = CNM_ERROR_INIT;
		struct cnm_mac mac = {{7}};

		cr_assert_eq(cnm_mac_parse(&mac, rows[i].in, &err), -1, "accepted \"%s\"", rows[i].in);
		cr_assert_eq(err.code, CNM_E_INVALID);
		cr_assert_not_null(strstr(err.text, rows[i].text), "%s", err.text);
		cr_assert_not_null(strstr(err.text, rows[i].in), "%s", err.text);
		cr_assert_eq(mac.bytes[0], 7);
	}
}

Test(mac, random_is_local_unicast)
{
	struct cnm_error err = CNM_ERROR_INIT;
	struct cnm_mac first = {{0}};
	int same = 0;

	for (int i = 0; i < 200; i++) {
		struct cnm_mac mac;

		cr_assert_eq(cnm_mac_random(&mac, &err), 0, "%s", err.text);
		cr_assert_eq(mac.bytes[0] & 0x03, 0x02);
		if (i == 0)
			first = mac;
		else
			same += memcmp(&first, &mac, sizeof(mac)) == 0;
	}
	cr_assert_eq(same, 0);
	cr_assert_not(cnm_mac_is_set(&(struct cnm_mac){{0}}));
}
