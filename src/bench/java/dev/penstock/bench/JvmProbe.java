package dev.penstock.bench;

import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import javax.management.JMException;
import javax.management.MBeanServerConnection;
import javax.management.ObjectName;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;
import jdk.management.jfr.FlightRecorderMXBean;

/** Reads what another JVM of this user counts, over JMX. The JVM needs no option for it. */
final class JvmProbe implements AutoCloseable {
    private final JMXConnector connector;
    private final MBeanServerConnection beans;

    private JvmProbe(JMXConnector connector) throws IOException {
        this.connector = connector;
        this.beans = connector.getMBeanServerConnection();
    }

    @SuppressWarnings("BanJNDI") // the address comes from a JVM that this one started
    static JvmProbe attach(ProcessHandle process) throws IOException {
        try {
            VirtualMachine machine = VirtualMachine.attach(Long.toString(process.pid()));
            try {
                String address = machine.startLocalManagementAgent();
                return new JvmProbe(JMXConnectorFactory.connect(new JMXServiceURL(address)));
            } finally {
                machine.detach();
            }
        } catch (AttachNotSupportedException e) {
            throw new IOException("cannot attach to process " + process.pid() + ": " + e.getMessage(), e);
        }
    }

    /** The bytes that all Java threads have allocated since the start. */
    long allocatedBytes() throws IOException {
        return number("java.lang:type=Threading", "TotalThreadAllocatedBytes");
    }

    /** The requests that the broker in that JVM has had, by their kind. */
    Map<String, Long> kafkaRequests() throws IOException {
        try {
            Map<String, Long> requests = new TreeMap<>();
            ObjectName all = new ObjectName("kafka.network:type=RequestMetrics,name=RequestsPerSec,*");
            for (ObjectName kind : beans.queryNames(all, null)) {
                requests.merge(kind.getKeyProperty("request"), (Long) beans.getAttribute(kind, "Count"), Long::sum);
            }
            return requests;
        } catch (JMException e) {
            throw new IOException(e);
        }
    }

    /** The records that the broker in that JVM has taken. */
    long kafkaRecords() throws IOException {
        return number("kafka.server:type=BrokerTopicMetrics,name=MessagesInPerSec", "Count");
    }

    /** A recording of JDK Flight Recorder, which {@link #stop} ends and writes. */
    long record(Map<String, String> settings) throws IOException {
        FlightRecorderMXBean recorder = recorder();
        long recording = recorder.newRecording();
        recorder.setRecordingSettings(recording, settings);
        recorder.startRecording(recording);
        return recording;
    }

    void stop(long recording, Path file) throws IOException {
        FlightRecorderMXBean recorder = recorder();
        recorder.stopRecording(recording);
        recorder.copyTo(recording, file.toAbsolutePath().toString());
        recorder.closeRecording(recording);
    }

    private FlightRecorderMXBean recorder() throws IOException {
        return ManagementFactory.newPlatformMXBeanProxy(
                beans, FlightRecorderMXBean.MXBEAN_NAME, FlightRecorderMXBean.class);
    }

    private long number(String bean, String attribute) throws IOException {
        try {
            return (Long) beans.getAttribute(new ObjectName(bean), attribute);
        } catch (JMException e) {
            throw new IOException("no " + attribute + " of " + bean, e);
        }
    }

    @Override
    public void close() throws IOException {
        connector.close();
    }
}
