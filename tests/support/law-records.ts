// The records that the library of rules was made from, one rule each.

/** Statutes of the states and territories, and federal regimes. */
export const US_RECORDS = `
us-al us-ak us-az us-ar us-ca-civ-1798.82 us-ca-hsc-1280.15 us-co us-ct us-de us-dc us-fl us-ga
us-hi us-id us-il us-in us-ia us-ks us-ky us-la us-me us-md us-ma us-mi us-mn us-ms us-mo us-mt
us-ne us-nv us-nh us-nj us-nm us-ny-gbl-899-aa us-nc us-nd us-nd-13-01.2 us-oh us-ok us-or us-pa
us-ri us-sc us-sd us-tn us-tx us-ut us-vt us-va us-wa us-wv us-wi us-wy us-pr us-gu us-vi
us-hipaa us-ftc-hbnr us-ftc-safeguards us-interagency-guidance us-bank-36h us-ncua-72h
us-sec-8k-1.05 us-sec-reg-sp us-nydfs-500.17 us-fcc-64.2011 us-circia`
  .trim()
  .split(/\s+/);

/** The rest of the world, and contracts. */
export const OTHER_RECORDS = `
eu-gdpr-33 eu-gdpr-34 eu-gdpr-33-2 eu-gdpr-33-omnibus-proposal eu-eprivacy-611-2013 eu-nis2-23
eu-dora-19 eu-cra-14-vulnerability eu-cra-14-incident eu-cer-15 eu-eidas-19a-24 eu-euidpr-34
eu-led-30 no-gdpr-33-34 is-gdpr-33-34 li-gdpr-33-34 no-digitalsikkerhetsloven uk-gdpr-33
uk-gdpr-34 uk-gdpr-33-2 uk-dpa-67 uk-pecr-5a uk-nis-2018 uk-csr-bill uk-fca-sup15 je-breach
gg-breach im-breach gi-breach ch-fadp-24 ch-fadp-24-3 ch-isa-74 ch-finma-29 tr-kvkk-12
ru-152fz-21 ua-2297-none ua-8153-draft il-dsr-11 ae-pdpl-9 ae-cbuae-consumer ae-difc-41
ae-adgm-32 sa-pdpl-20 qa-pdppl qa-qfc-31 bh-pdpl om-pdpl jo-pdpl-20 eg-pdpl-7 za-popia-22
za-joint-standard-2-2024 ng-ndpa-40 ke-dpa-43 ke-dpa-43-processor gh-dpa-31 gh-cyber-47
ug-dppa-23 rw-58-2021 zw-si155-17 mu-dpa-25 zm-dpa-49 bw-dpa-2024 cn-pipl-57
cn-cac-incident-measures cn-csl-27 cn-dsl-29 cn-ndsmr-10-11 hk-pdpo-voluntary hk-pciscso-653
mo-pdpa-none mo-cyber-13-2019 tw-pdpa-12 tw-pdpa-12-2025 jp-appi-26 jp-appi-26-processor
kr-pipa-34 kr-pipa-34-2026 kr-network-act-48-3 in-certin-70b in-dpdp-8-6 in-telecom-cyber-2024
in-rbi-cyber sg-pdpa-26d sg-pdpa-26c-intermediary sg-mas-cyber sg-cyber-cii my-pdpa-12b
my-cyber-854 th-pdpa-37-4 ph-dpa-20f id-pdp-46 vn-pdpl-23 vn-pdpl-23-processor vn-decree356-8
au-ndb au-soci-30b au-ransom-payment au-cps234 au-nsw-mndb nz-privacy-114 ca-pipeda-10 ca-qc-3-5
ca-ab-34-1 ca-on-phipa-12 ca-osfi br-lgpd-48 ar-25326-voluntary cl-21719-14sexies cl-21663-9
co-1581-17 mx-lfpdppp-breach pe-ds016-2024 uy-decreto-64-020 ec-lopdp-43-46 cr-8968-38
pa-81-2019 jm-dpa-21 bb-dpa-63 ky-dpa-16 bm-pipa-14 rs-zzpl-52 ge-dpl-29 md-195-2024 al-124-2024
mk-42-2020 ba-zzlp-2025 kz-94v-25 xx-pci-brands-visa xx-pci-brands-mastercard xx-pci-brands-amex
xx-pci-dss-12-10 xx-contract-processor xx-contract-b2b xx-cyber-insurance`
  .trim()
  .split(/\s+/);
